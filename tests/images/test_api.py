"""Sending stats to the container's API, from both clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

import bot.api
import chrome.api

Received = list[tuple[str, Any]]


@pytest.fixture
def server() -> Iterator[tuple[str, Received]]:
    received: Received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}", received
        http.shutdown()
        thread.join()


@pytest.mark.parametrize("api", [chrome.api.PageReporter, bot.api.StatsReporter])
def test_post(api: Any, server: tuple[str, Received]) -> None:
    """Stats arrive at the API's path as JSON with their age."""
    url, received = server
    api(url).post({"video": {"ada": {"fps": 15.0}}}, 0.1204)
    assert received == [("/v1/stats?age=120ms", {"video": {"ada": {"fps": 15.0}}})]


@pytest.mark.parametrize("api", [chrome.api.PageReporter, bot.api.StatsReporter])
def test_no_api(api: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an API the client keeps running; the failure is logged once, not every second."""
    client = api("http://127.0.0.1:9")
    client.post({})
    client.post({})
    assert capsys.readouterr().err.count("retrying") == 1


def test_a_picture(server: tuple[str, Received]) -> None:
    """The name of the participant is one part of the path, and the CPU time is in ms."""
    url, received = server
    chrome.api.PageReporter(url).post_picture("ada/1 ?", b'"a picture"', 0.00172)
    assert received == [("/v1/pictures/ada%2F1%20%3F?cpu=1.720ms", "a picture")]

"""An API served on loopback in a thread, with its fake forwarder; and a reader of its events."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any

import httpx

from syntheticnet.api.server import serve

from .site import Site

TIMEOUT_S = 20.0


class Stopped(Exception):
    """Ends the server."""


@dataclass
class ServedSite:
    site: Site
    port: int
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        return httpx.request(method, self.url + path, timeout=TIMEOUT_S, **request)

    def open_requests(self) -> int:
        """How many requests are being answered, streams included."""
        return asyncio.run_coroutine_threadsafe(_open_requests(), self.loop).result()

    @contextmanager
    def events(self, query: str = "") -> Iterator[EventStream]:
        url = f"{self.url}/v1/events{query}"
        with httpx.Client(timeout=TIMEOUT_S) as client, client.stream("GET", url) as answer:
            yield EventStream(answer)


class EventStream:
    """Reads server-sent events."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.iter_lines()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        name = ""
        for line in self._lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))

    def next(self, wanted: str) -> Any:
        """The data of the next event with this name."""
        return next(data for name, data in self if name == wanted)

    def first(self, count: int) -> dict[str, Any]:
        """The data of the next events, by name."""
        return dict(event for _, event in zip(range(count), self, strict=False))


async def _open_requests() -> int:
    return sum(getattr(task.get_coro(), "__name__", "") == "answer_request" for task in asyncio.all_tasks())


@contextmanager
def serving(site: Site) -> Iterator[ServedSite]:
    """Serve the site's API."""
    loop: asyncio.AbstractEventLoop | None = None
    stop = asyncio.Event()

    async def forward() -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        loop.add_reader(site.end.fileno(), site.forwarder.serve)
        await stop.wait()
        while await _open_requests():  # one that is cut off leaves an error in the log
            await asyncio.sleep(0.001)
        raise Stopped

    def run() -> None:
        with suppress(Stopped):
            serve(site.app, [listening], forward())

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=run)
        thread.start()
        while loop is None:
            time.sleep(0.001)
        try:
            yield ServedSite(site, listening.getsockname()[1], loop)
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()

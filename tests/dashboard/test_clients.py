"""Clients, their containers and numbers, through the lab API."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest

from .served import Served

FPS = {"values": {"video": {"client2": {"fps": 15.0, "kbps": 800}}}, "age_s": {"video": 0.1}}


def test_state(served: Served) -> None:
    """A client's state is what its own API answers."""
    own, ours = served.apis["client1"].answer(), served.ask("GET", "/v1/labs/call/clients/client1")
    assert ours | {"monotonic_ns": 0} == own | {"monotonic_ns": 0}
    expected = "no client 'client3' in lab 'call'; did you mean client2?"
    assert served.error("GET", "/v1/labs/call/clients/client3", status=404) == expected


@pytest.mark.parametrize("action", ["pause", "stop", "restart"])
def test_containers(action: str, served: Served) -> None:
    """A container is paused, stopped, restarted."""
    assert served.ask("POST", f"/v1/labs/call/clients/bot-1/{action}")["name"] == "bot-1"
    assert served.engine.controlled == [(action, "bot-1")]


def test_nothing_to_do(served: Served) -> None:
    """What is so already is a conflict, in the words of the command."""
    engine = served.engine
    engine.present = [replace(one, state="paused") if one.client == "client2" else one for one in engine.present]
    error = served.error("POST", "/v1/labs/call/clients/client2/pause", status=409)
    assert error == "client2: nothing to pause: it is paused"
    assert served.error("POST", "/v1/labs/call/clients/x/pause", status=404).startswith("no client 'x'")


def test_stats(served: Served) -> None:
    served.apis["client1"].answered_stats = FPS
    assert served.ask("GET", "/v1/labs/call/stats")["client1"]["video"] == {"client2": {"fps": 15.0, "kbps": 800}}


@pytest.mark.parametrize(
    ("expression", "holds", "value"),
    [
        ("client1.video.client2.fps > 10", True, 15.0),
        ("client1.video.client2.fps > 20", False, 15.0),
        ("client1.video.bot-1.fps > 20", False, None),
        ("client1.video.client2.fps > 10 and client1.video.client2.kbps < 1mbit", True, None),
    ],
)
def test_expect(expression: str, holds: bool, value: float | None, served: Served) -> None:
    """One reading: the number, whether the expectation holds, and why."""
    served.apis["client1"].answered_stats = FPS
    reading = served.ask("GET", f"/v1/labs/call/expect?expr={quote(expression)}")
    assert (reading["holds"], reading["value"]) == (holds, value)
    assert "client1.video" in reading["reason"]


def test_wrong_expressions(served: Served) -> None:
    assert served.error("GET", "/v1/labs/call/expect").startswith("the query: has no expr")
    assert served.error("GET", "/v1/labs/call/expect?expr=client1").startswith("expect 'client1': ")


def test_logs(served: Served) -> None:
    """By time, of one client or of all, and only what is new."""
    lines = served.ask("GET", "/v1/labs/call/logs?client=bot")["lines"]
    assert [line["text"] for line in lines[:2]] == ["line 1 of bot-1", "line 1 of bot-2"]
    newer = served.ask("GET", "/v1/labs/call/logs?after=2026-01-01T00:00:02Z")["lines"]
    assert {line["text"][:6] for line in newer} == {"line 3"}
    assert served.error("GET", "/v1/labs/call/logs?tail=3").startswith("tail: no such key")


def test_console(served: Served) -> None:
    entry = {"number": 1, "time_s": 1.0, "kind": "error", "text": "no camera", "where": "app.js:3"}
    served.apis["client2"].written.append(entry)
    lines = served.ask("GET", "/v1/labs/call/console")["lines"]
    assert lines == [
        {"time": "1970-01-01T00:00:01.000000Z", "writer": "client2", "text": "error: no camera (app.js:3)"}
    ]

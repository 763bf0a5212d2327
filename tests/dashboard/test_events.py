"""The events of a lab."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from synthlab.dashboard import feeds
from synthlab.dashboard.feeds import Listener
from synthlab.errors import SynthlabError

from .served import Served, events

EVENTS = "/v1/labs/call/events"
CHANGE = {"clients": ["client2"], "change": {"egress": {"loss": "5%"}}}


@contextmanager
def listening(served: Served) -> Iterator[Iterator[tuple[str, Any]]]:
    with served.http.stream("GET", EVENTS) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        yield events(answer.iter_lines())


def test_what_comes_first(served: Served) -> None:
    """The lab, its clients' states, and their numbers."""
    served.apis["client1"].answered_stats = {"values": {"video": {"client2": {"fps": 15}}}, "age_s": {"video": 0.1}}
    with listening(served) as stream:
        seen = dict(next(stream) for _ in range(3))
    assert [one["name"] for one in seen["lab"]["participants"]] == ["client1", "client2", "bot-1", "bot-2"]
    assert seen["states"]["client1"]["conditions"] == {}
    assert seen["states"]["client1"]["links"]["egress"]["achieved"] == {}
    assert seen["numbers"]["client1"]["video"] == {"client2": {"fps": 15}}


def test_a_change_arrives_at_once(served: Served) -> None:
    """Within 200 ms of its answer, also when it comes just after a round."""
    with listening(served) as stream:
        for _ in range(3):
            next(stream)
        for loss in ("1%", "2%", "3%"):
            change = {"clients": ["client2"], "change": {"egress": {"loss": loss}}}
            served.ask("PATCH", "/v1/labs/call/conditions", change)
            begun = time.monotonic()
            while next(stream)[1].get("client2", {}).get("conditions") != change["change"]:
                pass
            assert time.monotonic() - begun < 0.2


def test_the_lab_changes(served: Served) -> None:
    """What happens to containers arrives within two rounds; what was asked for here at once."""
    with listening(served) as stream:
        for _ in range(3):
            next(stream)
        served.engine.present = [replace(one, state="paused") for one in served.engine.present]
        served.ask("POST", "/v1/labs/call/clients/client1/unpause")
        lab = next(data for event, data in stream if event == "lab")
        assert {one["state"] for one in lab["participants"]} == {"paused"}


def test_a_client_that_does_not_answer(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are still shown."""

    def fail() -> Any:
        raise SynthlabError("client1: its API does not answer")

    monkeypatch.setattr(served.apis["client1"], "state", fail)
    with listening(served) as stream:
        states = next(data for event, data in stream if event == "states")
    assert states["client1"] == {"error": "client1: its API does not answer"}
    assert states["client2"]["conditions"] == {}


def test_nobody_listens(served: Served) -> None:
    """Clients are asked while somebody listens, by one task for all listeners, and not a moment longer."""
    asked: list[float] = []
    api = served.apis["client1"]
    state = api.state
    api.state = lambda: asked.append(time.monotonic()) or state()  # type: ignore[method-assign, func-returns-value]
    with listening(served) as one, listening(served) as other:
        for stream in (one, other):
            for _ in range(3):
                next(stream)
        time.sleep(1.2)
        assert len(asked) <= 3
    served.wait_until(lambda: not served.dashboard.feeds.labs)
    count = len(asked)
    time.sleep(1.3)
    assert len(asked) == count


def test_most_listeners(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MOST_LISTENERS", 1)
    with listening(served) as stream:
        next(stream)
        assert served.error("GET", EVENTS, status=503).startswith("1 streams of events are open")
    served.wait_until(lambda: not served.dashboard.feeds.labs)
    with listening(served) as stream:
        next(stream)


def test_the_end(served: Served) -> None:
    """A stream ends with the server."""
    with listening(served) as stream:
        next(stream)
        threading.Timer(0.2, served.end).start()
        begun = time.monotonic()
        for _ in stream:
            pass
        assert time.monotonic() - begun < 2


def test_the_newest_wins() -> None:
    """A listener that is slow gets the newest event of each type, and every mark."""

    async def listen() -> list[tuple[str, Any]]:
        listener = Listener()
        for number in range(100):
            listener.put("states", b"%d" % number)
        for number in range(3):
            listener.mark({"number": number})
        return list(events(iter((await listener.next()).decode().splitlines())))

    marks = [("mark", {"number": number}) for number in range(3)]
    assert asyncio.run(listen()) == [("states", 99), *marks]

"""When the hub of events asks the forwarder, and what readers get of it, on a clock that is moved by hand."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import pairwise
from operator import itemgetter
from typing import Any

import pytest

from syntheticnet.api.event_hub import KEPT_NS, MOST_READERS, SECOND, EventHub, EventSource
from syntheticnet.api.event_stream import EventReader
from syntheticnet.channel import Unanswered

COUNTS = {"achieved": {}, "queued": 0, "packets_in": 0, "packets_out": 0, "dropped": {}}
LINKS = {"ingress": COUNTS, "egress": COUNTS}


class HandMoved:
    """A clock, and waiting for it."""

    def __init__(self) -> None:
        self.now = 5000 * SECOND
        self._until = self.now

    def __call__(self) -> int:
        return self.now

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        self._until = self.now + round(seconds * SECOND)
        while self.now < self._until and not event.is_set():
            await asyncio.sleep(0)

    async def move(self, seconds: float) -> None:
        """Let time pass, and everything happen that is due meanwhile."""
        end = self.now + round(seconds * SECOND)
        await settled()
        while self.now < self._until <= end:
            self.now = self._until
            await settled()
        self.now = end
        await settled()


async def settled() -> None:
    """Let all tasks run until they wait."""
    for _ in range(20):
        await asyncio.sleep(0)


class Client:
    """A hub whose forwarder and sources are played by the test."""

    def __init__(self) -> None:
        self.clock = HandMoved()
        self.asked: list[tuple[str, float]] = []
        """What was asked, and when (s)."""
        self.silent = False
        self.leases: list[int] = []
        self.scheduled: list[int] = []
        self.answers: dict[str, Any] = {"traffic": [], "files": [], "stats": {}}
        sources = {
            "traffic": EventSource(self._asking("traffic")),
            "files": EventSource(self._asking("files"), steady=False, key=itemgetter("files")),
            "stats": EventSource(self._asking("stats"), key=itemgetter("stats")),
        }
        self._began = self.clock.now
        self.hub = EventHub(self._report, self._state, sources, self.clock, lambda: 7 * 10**6, self.clock.wait)

    def count(self) -> Counter[str]:
        """How often each was asked since the last count."""
        counted = Counter(name for name, _ in self.asked)
        self.asked.clear()
        return counted

    def times(self, name: str = "report") -> list[float]:
        return [at for asked, at in self.asked if asked == name]

    async def _report(self) -> dict[str, Any]:
        self._note("report")
        if self.silent:
            raise Unanswered("silent")
        self.leases = [at for at in self.leases if at > self.clock.now]
        self.scheduled = [at for at in self.scheduled if at > self.clock.now]
        return {
            "monotonic_ns": self.clock.now,
            "conditions": {"seed": 1},
            "forwarder": {"restarts": 0},
            "links": LINKS,
            "flows": {},
            "leases": [{"expires_ns": at} for at in self.leases],
            "scheduled": [{"at_ns": at} for at in self.scheduled],
        }

    def _state(self, report: dict[str, Any], may_change: bool) -> dict[str, Any]:
        more = {} if may_change else {"may_change": False}
        return more | {"leases": len(report["leases"]), "scheduled": len(report["scheduled"])}

    def _asking(self, name: str) -> Callable[[], Awaitable[dict[str, Any]]]:
        async def ask() -> dict[str, Any]:
            self._note(name)
            return {name: self.answers[name]}

        return ask

    def _note(self, name: str) -> None:
        self.asked.append((name, (self.clock.now - self._began) / SECOND))


def taken(reader: EventReader) -> dict[str, Any]:
    """The data of what is pending, by event."""
    return {event.name: json.loads(event.text.split(b"data: ")[1]) for event in reader.take()}


def played(test: Callable[[Client], Awaitable[None]]) -> Callable[[], None]:
    """Run an asynchronous test with a client."""

    def run() -> None:
        async def play() -> None:
            await test(Client())

        asyncio.run(play())

    run.__doc__ = test.__doc__
    return run


@played
async def test_a_reader_gets_everything_at_once(client: Client) -> None:
    """State, history with the first sample, and each source, with one question each."""
    reader = client.hub.join(client.hub.names)
    await settled()
    events = taken(reader)
    assert list(events) == ["state", "history", "traffic", "files", "stats"]
    (sample,) = events["history"]["samples"]
    assert (sample["t_ms"], list(sample["panels"])) == (7, ["default"])
    assert client.count() == {"report": 1, "traffic": 1, "files": 1, "stats": 1}


@played
async def test_once_a_second(client: Client) -> None:
    """State, sample and traffic; files and stats only when they changed, and files are not even asked for."""
    reader = client.hub.join(client.hub.names)
    await settled()
    taken(reader)
    client.count()
    for _ in range(10):
        await client.clock.move(1)
        assert list(taken(reader)) == ["state", "sample", "traffic"]
    assert client.count() == {"report": 10, "traffic": 10, "stats": 10}
    client.answers["stats"] = {"video": 1}
    await client.clock.move(1)
    assert taken(reader)["stats"] == {"stats": {"video": 1}}


@played
async def test_a_change_is_seen_at_once(client: Client) -> None:
    """Without waiting for the next second, and uploads with it; samples stay a second apart."""
    reader = client.hub.join(client.hub.names)
    await client.clock.move(0.3)
    taken(reader)
    client.answers["files"] = ["wifi.dist"]
    client.hub.changed()
    await settled()
    assert taken(reader) == {"state": {"leases": 0, "scheduled": 0}, "files": {"files": ["wifi.dist"]}}
    client.hub.changed()
    await client.clock.move(0.2)
    assert list(taken(reader)) == ["state"]
    await client.clock.move(0.4)
    assert taken(reader) == {}
    await client.clock.move(0.1)
    assert list(taken(reader)) == ["state", "sample", "traffic"]


@played
async def test_a_storm_of_changes_costs_ten_looks_a_second(client: Client) -> None:
    """At most, at any time; the last change is never left out."""
    client.hub.join(client.hub.names)
    for _ in range(3000):
        client.hub.changed()
        await client.clock.move(0.001)
    times = client.times()
    assert max(sum(at <= other <= at + 1 for other in times) for at in times) == 10
    assert max(late - early for early, late in pairwise(times)) <= 0.126
    client.hub.changed()
    await client.clock.move(0.2)
    assert client.times()[-1] > 3


@played
async def test_the_end_of_a_lease_and_a_scheduled_change_are_seen_when_they_happen(client: Client) -> None:
    """To the nanosecond, as their times are known."""
    reader = client.hub.join(["state"])
    client.leases = [client.clock.now + 300_000_001]
    client.scheduled = [client.clock.now + 1_500_000_002]
    await settled()
    assert taken(reader)["state"] == {"leases": 1, "scheduled": 1}
    await client.clock.move(0.35)
    assert taken(reader)["state"] == {"leases": 0, "scheduled": 1}
    await client.clock.move(1.2)
    assert taken(reader)["state"] == {"leases": 0, "scheduled": 0}
    assert client.times() == [0, 0.300000001, 1.0, 1.500000002]


@played
async def test_only_what_somebody_wants_is_asked_for(client: Client) -> None:
    """A second reader that wants more gets it with the next look."""
    states = client.hub.join(["state"])
    await client.clock.move(2.5)
    assert client.count() == {"report": 3}
    assert list(taken(states)) == ["state"]
    traffic = client.hub.join(["traffic", "files"])
    assert taken(traffic) == {}
    await client.clock.move(0.5)
    assert client.count() == {"report": 1, "traffic": 1, "files": 1}
    assert list(taken(traffic)) == ["traffic", "files"]
    client.hub.leave(traffic)
    await client.clock.move(1)
    assert client.count() == {"report": 1}


@played
async def test_a_reader_that_connects_later_costs_no_question(client: Client) -> None:
    """It gets what is known, which is at most a second old."""
    client.hub.join(client.hub.names)
    await client.clock.move(9.9)
    client.count()
    reader = client.hub.join(client.hub.names)
    events = taken(reader)
    assert set(events) == {"state", "traffic", "files", "stats", "history"}
    assert len(events["history"]["samples"]) == 10
    assert client.count() == {}


@played
async def test_after_the_last_reader_only_samples_are_recorded(client: Client) -> None:
    """For two minutes, and without any work for changes; after that nothing runs."""
    reader = client.hub.join(client.hub.names)
    await client.clock.move(0.5)
    client.hub.leave(reader)
    client.count()
    client.hub.changed()
    await client.clock.move(60)
    assert client.count() == {"report": 60}
    back = client.hub.join(client.hub.names)
    assert len(taken(back)["history"]["samples"]) == 61
    client.hub.leave(back)
    client.count()
    await client.clock.move(KEPT_NS / SECOND + 60)
    assert client.count() == {"report": 120}
    assert client.hub.deadline() is None
    late = client.hub.join(client.hub.names)
    assert taken(late) == {}
    await settled()
    assert len(taken(late)["history"]["samples"]) == 1


@played
async def test_a_change_that_nobody_saw_is_not_hidden(client: Client) -> None:
    """Who connects after it never gets a state from before it."""
    reader = client.hub.join(["state"])
    await client.clock.move(0.5)
    client.hub.leave(reader)
    client.leases = [client.clock.now + 90 * SECOND]
    client.hub.changed()
    back = client.hub.join(["state"])
    assert taken(back) == {}
    await client.clock.move(0.5)
    assert taken(back)["state"]["leases"] == 1


@played
async def test_the_history_has_two_minutes(client: Client) -> None:
    """A sample for each second of them."""
    client.hub.join(client.hub.names)
    await client.clock.move(300)
    samples = taken(client.hub.join(["history"]))["history"]["samples"]
    times = [sample["monotonic_ns"] for sample in samples]
    assert len(times) == 120
    assert {late - early for early, late in pairwise(times)} == {SECOND}


@played
async def test_connecting_again_and_again_asks_once_a_second(client: Client) -> None:
    """A client in a loop does not keep the forwarder busy."""
    for _ in range(990):
        client.hub.leave(client.hub.join(client.hub.names))
        await client.clock.move(0.01)
    assert client.count()["report"] == 10


@played
async def test_a_forwarder_that_does_not_answer(client: Client) -> None:
    """Nothing is sent while it is silent, it is asked once a second, and everything goes on after that."""
    reader = client.hub.join(client.hub.names)
    await settled()
    taken(reader)
    client.count()
    client.silent = True
    await client.clock.move(5)
    assert (taken(reader), client.count()) == ({}, {"report": 5})
    client.silent = False
    await client.clock.move(1)
    assert list(taken(reader)) == ["state", "sample", "traffic"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_error_ends_all_streams() -> None:
    """Readers then connect again, which starts the hub anew."""

    async def play() -> None:
        client = Client()
        reader = client.hub.join(client.hub.names)
        await settled()
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        client.answers.clear()
        await client.clock.move(1)
        assert [piece async for piece in reader.stream()] == [b"retry: 1000\n\n"]
        client.answers |= {"traffic": [], "files": [], "stats": {}}
        client.hub.leave(reader)
        again = client.hub.join(client.hub.names)
        await client.clock.move(1)
        assert set(taken(again)) == {"state", "history", "traffic", "files", "stats"}

    asyncio.run(play())


@played
async def test_the_state_says_who_may_change_conditions(client: Client) -> None:
    """Each reader gets its own: at once, and with what is known."""
    readers = [client.hub.join(["state"], may_change) for may_change in (True, False)]
    await settled()
    readers += [client.hub.join(["state"], may_change) for may_change in (True, False)]
    states = [taken(reader)["state"] for reader in readers]
    assert [state.get("may_change", True) for state in states] == [True, False, True, False]


@played
async def test_the_number_of_readers_is_bounded(client: Client) -> None:
    """One that leaves makes room."""
    readers = [client.hub.join(["state"]) for _ in range(MOST_READERS)]
    assert client.hub.is_full
    client.hub.leave(readers.pop())
    assert not client.hub.is_full

"""Asks the forwarder once a second while somebody listens, and passes what it learns on to all readers of events."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..channel import Unanswered
from .event_stream import EventReader, ServerEvent, wait_for
from .sample_recorder import SampleRecorder

SECOND = 10**9
GAP_NS = SECOND // 8
"""Between two looks; one may come a gap early. So there are at most 10 a second, and a single change never waits."""
KEPT_NS = 120 * SECOND
"""How long samples are recorded after the last reader left: a page that is loaded again keeps its charts."""
MOST_READERS = 64

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class EventSource:
    """Where the data of an event comes from; asked only while a reader wants the event.

    A `steady` source is asked each second, another one after changes only. Two answers with the same `key` are the same
    event, which is not sent again; without a `key` every answer is sent.
    """

    ask: Callable[[], Awaitable[JsonObject]]
    steady: bool = True
    key: Callable[[JsonObject], Any] | None = None


class EventHub:
    """Each look is one question for the forwarder's report, and one for each source that is wanted.

    Looks come once a second, after changes, and when a lease ends or a scheduled change is due. While nobody listens
    only samples are recorded; after two minutes nothing runs.
    """

    def __init__(
        self,
        report: Callable[[], Awaitable[JsonObject]],
        state: Callable[[JsonObject, bool], JsonObject],
        sources: Mapping[str, EventSource],
        clock: Callable[[], int] = time.monotonic_ns,
        unix_ns: Callable[[], int] = time.time_ns,
        wait: Callable[[asyncio.Event, float], Awaitable[None]] = wait_for,
    ) -> None:
        """`state` makes a state of a report, for readers that may or may not change conditions.

        `clock` is the forwarder's; `wait` waits for an event, at most these seconds.
        """
        self._report = report
        self._state = state
        self._sources = sources
        self._clock = clock
        self._unix_ns = unix_ns
        self._wait = wait
        self.names = ("state", "history", "sample", *sources)
        self._readers: set[EventReader] = set()
        self._latest: dict[tuple[str, bool | None], ServerEvent] = {}
        """By name and `may_change`."""
        self._keys: dict[str, Any] = {}
        self._recorder = SampleRecorder()
        self._tick_at = self._free_at = self._left_at = 0
        self._due_at: int | None = None
        self._changed = False
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        return len(self._readers) >= MOST_READERS

    def join(self, wanted: Collection[str], may_change: bool = True) -> EventReader:
        """A new reader, with what is known: at most a second old, or nothing yet."""
        reader = EventReader(wanted, may_change)
        for event in self._latest.values():
            reader.put(event)
        if not self._recorder.is_empty:
            reader.put(self._recorder.history())
        self._readers.add(reader)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        return reader

    def leave(self, reader: EventReader) -> None:
        self._readers.discard(reader)
        self._left_at = self._clock()

    def changed(self) -> None:
        """Look at once, because a request may have changed something."""
        if self._readers:
            self._changed = True
            self._woken.set()
        else:
            self._latest.clear()

    def deadline(self) -> int | None:
        """When to look next; None if nobody has listened for two minutes."""
        if not self._readers and self._clock() - self._left_at >= KEPT_NS:
            return None
        times = [self._tick_at, 0 if self._changed else self._tick_at, self._due_at or self._tick_at]
        return max(min(times), self._free_at - GAP_NS)

    async def look(self) -> None:
        """Ask, and pass all answers on in one go: a reader then writes them at once."""
        now = self._clock()
        self._free_at = max(self._free_at, now) + GAP_NS
        is_tick, is_change = now >= self._tick_at, self._changed
        self._changed, self._due_at = False, None
        if is_tick:
            self._tick_at = now + SECOND
        try:
            report = await self._report()
            answers = {name: await self._sources[name].ask() for name in self._to_ask(is_tick, is_change)}
        except Unanswered:
            return  # it restarts or is starved: the next second may tell more
        self._due_at = _next_due(report)
        for may_change in (True, False):
            self._pass_on(ServerEvent("state", partial(self._written_state, report, may_change), may_change))
        if is_tick:
            self._record(report)
        for name, answer in answers.items():
            self._compare(name, answer)

    async def _run(self) -> None:
        try:
            while (at := self.deadline()) is not None:
                seconds = (at - self._clock()) / SECOND
                if seconds <= 0:
                    await self.look()
                    continue
                await self._wait(self._woken, seconds)
                self._woken.clear()
        finally:
            # Also after an error: readers whose streams end connect again.
            for reader in self._readers:
                reader.end()
            self._latest.clear()
            self._keys.clear()
            self._recorder, self._task = SampleRecorder(), None

    def _to_ask(self, is_tick: bool, is_change: bool) -> list[str]:
        """The sources to ask now; forgets what nobody wants, as it grows old."""
        wanted = {name for reader in self._readers for name in reader.wanted}
        for name in self._sources.keys() - wanted:
            self._latest.pop((name, None), None)
            self._keys.pop(name, None)
        due = {name for name, source in self._sources.items() if (is_tick if source.steady else is_change)}
        return [name for name in self._sources if name in wanted and (name in due or (name, None) not in self._latest)]

    def _written_state(self, report: JsonObject, may_change: bool) -> bytes:
        # With 1000 flows this is 1 MB: 10 ms to parse the report, and 13 ms here, in one step of the event loop each.
        return json.dumps(self._state(report, may_change)).encode()

    def _record(self, report: JsonObject) -> None:
        is_first = self._recorder.is_empty
        event = self._recorder.record(report, self._unix_ns() // 10**6)
        # Not kept among the latest: for readers to come it is in the history.
        for reader in self._readers:
            reader.put(self._recorder.history() if is_first else event)

    def _compare(self, name: str, answer: JsonObject) -> None:
        key = self._sources[name].key
        if key is not None:
            found = key(answer)
            if (name, None) in self._latest and self._keys.get(name) == found:
                return
            self._keys[name] = found
        self._pass_on(ServerEvent.of(name, answer))

    def _pass_on(self, event: ServerEvent) -> None:
        self._latest[event.name, event.may_change] = event
        for reader in self._readers:
            reader.put(event)


def _next_due(report: JsonObject) -> int | None:
    """When the next lease ends or the next change is due."""
    leases = [lease["expires_ns"] for lease in report["leases"]]
    return min([*leases, *(entry["at_ns"] for entry in report["scheduled"])], default=None)

"""The events of each lab: its clients are read once a second, by one task per lab, while somebody listens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from ..control.container_lookup import cut_off
from ..control.group_change import LabClient
from ..control.probes import ProbeReading, readings_of
from ..control.running_lab import RunningLab
from ..control.state import ClientState
from ..errors import SynthlabError
from ..text.escaping import json_text
from .compact import compact_numbers, compact_probes, compact_state
from .failures import RequestFailed
from .participants import lab_data

POLL_S = 1.0
LOOK_EVERY = 2
"""Containers are listed in every second round: they change rarely, and the engine takes long to list them."""
COMPARE_EVERY = 5
"""In every fifth of these, containers are asked when they were started: each answer costs the engine a request."""
WRITE_S = 0.1
"""The shortest time between two writes to a listener."""
BEAT_S = 15.0
MOST_LISTENERS = 64
MOST_MARKS = 64
MOST_AT_ONCE = 16

Lookup = Callable[[str], RunningLab]


class Full(RequestFailed):
    """Too many listeners."""

    status = 503


class Listener:
    """One stream: the newest event of each type that it has not been sent, and marks, of which none is left out."""

    def __init__(self) -> None:
        self._waiting: dict[str, bytes] = {}
        self._marks: list[Any] = []
        self._woken = asyncio.Event()
        self.ended = False

    def put(self, event: str, data: bytes) -> None:
        self._waiting[event] = data
        self._woken.set()

    def mark(self, mark: Mapping[str, Any]) -> None:
        self._marks = [*self._marks[1 - MOST_MARKS :], mark]
        self._woken.set()

    def end(self) -> None:
        self.ended = True
        self._woken.set()

    async def next(self) -> bytes:
        """What is to be written, once there is something: events, or a comment that keeps the connection open."""
        try:
            await asyncio.wait_for(self._woken.wait(), BEAT_S)
        except TimeoutError:
            return b":\n\n"
        self._woken.clear()
        waiting, self._waiting = self._waiting, {}
        marks, self._marks = self._marks, []
        parts = [b"event: %s\ndata: %s\n\n" % (event.encode(), data) for event, data in waiting.items()]
        parts += [b"event: mark\ndata: %s\n\n" % written(mark) for mark in marks]
        return b"".join(parts)


class LabFeed:
    """The events of one lab. `run` is the id of the scenario that is running in it, or None."""

    def __init__(self, name: str, lookup: Lookup, run: Callable[[str], str | None]) -> None:
        self.name = name
        self._lookup = lookup
        self._run = run
        self._listeners: set[Listener] = set()
        self._polling: asyncio.Task[None] | None = None
        self._lab: RunningLab | None = None
        self._last: dict[str, bytes] = {}
        self._states: dict[str, Any] = {}
        self._looks = 0
        self._overtaken: set[str] = set()
        """The ids of containers whose companion was started after them, so that they are cut off."""
        self._changed: set[str] = set()
        """The clients whose states were sent since this round began."""
        self._pool = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix=f"feed-{name}")

    def listen(self) -> Listener:
        """A new listener, which begins with the latest events."""
        listener = Listener()
        for event, data in self._last.items():
            listener.put(event, data)
        self._listeners.add(listener)
        if self._polling is None:
            self._polling = asyncio.create_task(self._poll())
        return listener

    def leave(self, listener: Listener) -> bool:
        """Whether nobody listens any more: the feed has then stopped."""
        self._listeners.discard(listener)
        if not self._listeners:
            self.close()
        return not self._listeners

    def close(self) -> None:
        if self._polling:
            self._polling.cancel()
            self._polling = None
        for listener in self._listeners:
            listener.end()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def send(self, event: str, data: Any) -> None:
        """An event for everybody, unless it is the same as the last of its type."""
        text = written(data)
        if self._last.get(event) != text:
            self._last[event] = text
            for listener in self._listeners:
                listener.put(event, text)

    def mark(self, mark: Mapping[str, Any]) -> None:
        for listener in self._listeners:
            listener.mark(mark)

    def changed(self, states: Mapping[str, ClientState]) -> None:
        """Send these clients' new states at once, with the last known ones of the others."""
        self._changed |= states.keys()
        self._states |= {name: compact_state(state) for name, state in states.items()}
        self.send("states", self._states)

    async def look(self) -> None:
        """List the containers again, and send the lab if it has changed."""
        try:
            self._lab = lab = await asyncio.to_thread(self._lookup, self.name)
            near = await asyncio.to_thread(is_near, lab)
            if self._looks % COMPARE_EVERY == 0:
                self._overtaken = await asyncio.to_thread(cut_off, lab.members, lab.backend.engine.started_at)
            self._looks += 1
            lost = self._overtaken | cut_off(lab.members, lambda container: 0.0)
            self.send("lab", lab_data(lab.name, lab.members, near, self._run(lab.name), lost))
        except SynthlabError as error:
            self._lab = None
            self.send("lab", {"name": self.name, "participants": [], "running": None, "error": error.message})

    async def _poll(self) -> None:
        turn, begun = 0, time.monotonic()
        while True:
            if turn % LOOK_EVERY == 0 or self._lab is None:
                await self.look()
            if self._lab is not None:
                await self._read(self._lab.find())
            turn = max(turn + 1, int((time.monotonic() - begun) / POLL_S))
            await asyncio.sleep(max(begun + turn * POLL_S - time.monotonic(), 0.0))

    async def _read(self, clients: list[LabClient]) -> None:
        loop = asyncio.get_running_loop()
        self._changed.clear()
        read = await asyncio.gather(*(loop.run_in_executor(self._pool, _read_client, client) for client in clients))
        by_client = dict(zip([client.name for client in clients], read, strict=True))
        states = {name: one.state for name, one in by_client.items()}
        # A state that was read while a change was made may be from before it.
        self._states = states | {name: self._states[name] for name in self._changed & states.keys()}
        self.send("states", self._states)
        self.send("numbers", {name: one.numbers for name, one in by_client.items() if one.numbers})
        if any(client.probes for client in clients):
            self.send("probes", compact_probes(reading for one in read for reading in one.probes))


class Feeds:
    """The feeds of all labs that somebody listens to. `later` and `look_soon` may be called from any thread."""

    def __init__(self, lookup: Lookup, run: Callable[[str], str | None]) -> None:
        self._lookup = lookup
        self._run = run
        self._feeds: dict[str, LabFeed] = {}
        self._count = 0
        self._looks: set[asyncio.Future[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def labs(self) -> list[str]:
        """Those that somebody listens to."""
        return list(self._feeds)

    def listen(self, lab: str) -> Listener:
        """A new listener to a lab. Raises Full."""
        if self._count >= MOST_LISTENERS:
            raise Full(f"{MOST_LISTENERS} streams of events are open: close one of them")
        self._loop = asyncio.get_running_loop()
        if lab not in self._feeds:
            self._feeds[lab] = LabFeed(lab, self._lookup, self._run)
        self._count += 1
        return self._feeds[lab].listen()

    def leave(self, lab: str, listener: Listener) -> None:
        self._count -= 1
        feed = self._feeds.get(lab)
        if feed and feed.leave(listener):
            del self._feeds[lab]

    def close(self) -> None:
        for feed in self._feeds.values():
            feed.close()

    def later(self, lab: str, act: Callable[[LabFeed], None]) -> None:
        """Call `act` with the feed of a lab soon, if anybody listens."""
        if self._loop and lab in self._feeds:
            self._loop.call_soon_threadsafe(self._act, lab, act)

    def look_soon(self, lab: str) -> None:
        """List a lab's containers now, if anybody listens."""
        self.later(lab, lambda feed: self._keep(asyncio.ensure_future(feed.look())))

    def _keep(self, look: asyncio.Future[None]) -> None:
        """Hold a task until it is done: the event loop does not."""
        self._looks.add(look)
        look.add_done_callback(self._looks.discard)

    def _act(self, lab: str, act: Callable[[LabFeed], None]) -> None:
        if lab in self._feeds:
            act(self._feeds[lab])


def is_near(lab: RunningLab) -> bool:
    """Whether the ports of a lab open on this machine, as one of its running clients shows."""
    running = [member for member in lab.members if member.role == "client" and member.state == "running"]
    return bool(running) and lab.backend.is_near(running[0])


def written(data: Any) -> bytes:
    return json_text(data, separators=(",", ":")).encode()


class _Read(NamedTuple):
    """What one round has read of a client: a state with an `error` if it did not answer."""

    state: dict[str, Any]
    numbers: dict[str, Any] | None
    probes: list[ProbeReading]


def _read_client(client: LabClient) -> _Read:
    try:
        state = compact_state(client.api.state())
        stats = client.api.stats() if client.probes or not client.server else None
    except SynthlabError as error:
        return _Read({"error": error.message}, None, readings_of(client, None))
    numbers = compact_numbers(stats) if stats and not client.server else None
    return _Read(state, numbers, readings_of(client, stats))

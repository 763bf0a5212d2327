"""Delay: latency with jitter. Each packet waits its own time; order is kept unless reordering is asked for.

Keeping order means that a packet waits for the one before it, as on a real path with one queue; tc-netem reorders.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable
from random import Random
from typing import ClassVar, NamedTuple

from ..conditions import LinkConditions
from ..packet import Drop, Packet
from .element import Popped


class Waiting(NamedTuple):
    """A held packet: when it is due, when it came, and its draw from the law of the jitter (in units of jitter)."""

    due: int
    since: int
    deviation: float
    packet: Packet


class Delay:
    """Holds each packet for latency + jitter * deviation, never below 0."""

    reads: ClassVar[tuple[str, ...]] = ("latency_ns", "jitter_ns", "distribution", "jitter_share", "reordering")

    def __init__(self, values: LinkConditions, rng: Random, drop: Drop) -> None:
        self._rng = rng
        self._waiting: deque[Waiting] = deque()
        self._last_due = 0
        self._set(values)

    @staticmethod
    def wanted(values: LinkConditions) -> bool:
        return bool(values.latency_ns or values.jitter_ns)

    def push(self, packets: list[Packet]) -> None:
        if self._reordering:
            for packet in packets:
                insort(self._waiting, self._wait(packet, self._draw()), key=_due)
            return
        last, append = self._last_due, self._waiting.append
        if not self._jitter:
            latency = self._latency
            for packet in packets:
                since = packet.time
                due = since + latency
                last = due if due > last else last
                append(Waiting(last, since, 0.0, packet))
        else:
            for packet in packets:
                waiting = self._wait(packet, self._draw())
                last = max(waiting.due, last)
                append(waiting._replace(due=last))
        self._last_due = last

    def pop(self, now: int) -> Popped:
        waiting, due = self._waiting, []
        while waiting and waiting[0][0] <= now:
            time, _, _, packet = waiting.popleft()
            packet.time = time
            due.append(packet)
        return due, []

    def deadline(self) -> int | None:
        return self._waiting[0].due if self._waiting else None

    def configure(self, values: LinkConditions, now: int) -> None:
        self._set(values)
        self._last_due = now
        moved = [self._moved(waiting, now) for waiting in self._waiting]
        self._waiting = deque(sorted(moved, key=_due) if self._reordering else moved)

    def __len__(self) -> int:
        return len(self._waiting)

    def _set(self, values: LinkConditions) -> None:
        self._latency = values.latency_ns or 0
        self._jitter = values.jitter_ns or 0
        self._reordering = bool(values.reordering)
        share = 1.0 if values.jitter_share is None else values.jitter_share
        self._draw = _law(values.distribution or "uniform", share, self._rng)

    def _wait(self, packet: Packet, deviation: float) -> Waiting:
        delay = max(0, self._latency + round(self._jitter * deviation))
        return Waiting(packet.time + delay, packet.time, deviation, packet)

    def _moved(self, waiting: Waiting, now: int) -> Waiting:
        """The same wait under the present values; it cannot end before the change that shortened it."""
        delay = max(0, self._latency + round(self._jitter * waiting.deviation))
        due = max(waiting.since + delay, now)
        if not self._reordering:
            due = self._last_due = max(due, self._last_due)
        return waiting._replace(due=due)


def _due(waiting: Waiting) -> int:
    return waiting.due


def _law(name: str, share: float, rng: Random) -> Callable[[], float]:
    """Draws deviations: uniform on -1..1, or one-sided on 0..1; a packet outside `share` deviates by 0."""
    random = rng.random
    if name == "uniform":
        whole: Callable[[], float] = lambda: 2.0 * random() - 1.0  # noqa: E731
    else:
        whole = random
    return whole if share >= 1.0 else lambda: whole() if random() < share else 0.0

"""Delay: latency with jitter, per packet; keeps order unless `reordering` is set.

To keep order a packet waits for the one before it, as on a real path with one queue. tc-netem reorders instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from math import floor
from operator import attrgetter
from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.packet import Packet
from .distribution import distribution_of
from .early import Early
from .element import ElementContext, Popped

Waiting = tuple[int, int, int, float, Packet]
"""Due time, sequence number, arrival time, draw from the jitter distribution, and the packet."""

_DISTRIBUTION = ("distribution", "jitter_table", "jitter_share", "jitter_correlation")

_by_time = attrgetter("time")


class Delay:
    """Holds each packet for latency + jitter * deviation, at least 0; early packets not at all.

    In order, `_queue` holds the packets, with due times that never fall; with reordering, `_heap` does. A packet that
    finds `latency_limit` others held is dropped.
    """

    depends_on: ClassVar[tuple[str, ...]] = (
        "latency_ns",
        "jitter_ns",
        *_DISTRIBUTION,
        "reordering",
        "latency_limit",
        "early",
        "early_correlation",
        "early_gap",
    )

    def __init__(self, values: LinkConditions, context: ElementContext) -> None:
        self._context = context
        self._queue: deque[Waiting] = deque()
        self._heap: list[Waiting] = []
        self._number = 0
        self._last_due = 0
        self._departed: list[Packet] = []
        self._values = values
        self._draw_by(values)
        self._early = Early(context.rng, values)
        self._set(values)

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return bool(values.latency_ns or values.jitter_ns)

    def push(self, packets: list[Packet]) -> None:
        if self._limit or self._values.early:
            self._push_some(packets)
            return
        if self._jitter or self._reordering:
            for packet in packets:
                self._hold(packet, packet.time, self._draw(), 0)
            return
        number, last, latency, append = self._number, self._last_due, self._latency, self._queue.append
        for packet in packets:
            since = packet.time
            number += 1
            if since + latency > last:
                last = since + latency
            append((last, number, since, 0.0, packet))
        self._number, self._last_due = number, last

    def pop(self, now: int) -> Popped:
        due: list[Packet] = []
        self._release(now, due)
        if self._departed:
            due, self._departed = sorted(self._departed + due, key=_by_time), []
        return due, []

    def deadline(self) -> int | None:
        waiting = self._queue or self._heap
        if self._departed:
            return min(packet.time for packet in self._departed)
        return waiting[0][0] if waiting else None

    def slack(self) -> int:
        if self._values.early:
            return 0
        return max(0, self._latency + floor(self._jitter * self._distribution.least))

    def configure(self, values: LinkConditions, now: int) -> None:
        # Recompute each due time from the packet's arrival and its original draw: a change takes effect at once on
        # held packets, and the same change under the same seed gives the same delays.
        held = self._taken(lambda packet: True)
        self._set(values)
        self._last_due = now
        for _, _, since, deviation, packet in held:
            self._hold(packet, since, deviation, now)

    def restart(self) -> None:
        """Held packets keep their draws."""
        self._draw_by(self._values)
        self._early.restart()

    def migrate_out(self, leaves: Callable[[Packet], bool]) -> list[Packet]:
        leaving = []
        # Hand over the arrival time, not the due time: the receiving element applies its own delay to the whole wait,
        # as if the packet had been there from the start.
        for _, _, since, _, packet in self._taken(leaves):
            packet.time = since
            leaving.append(packet)
        return leaving

    def migrate_in(self, packets: list[Packet], now: int) -> None:
        for packet in packets:
            self._hold(packet, packet.time, self._draw(), now)

    def __len__(self) -> int:
        return len(self._queue) + len(self._heap) + len(self._departed)

    def _set(self, values: LinkConditions) -> None:
        # What is correlated goes on where it was: a ramp of the latency must not start it anew at every step.
        if any(getattr(values, name) != getattr(self._values, name) for name in _DISTRIBUTION):
            self._draw_by(values)
        if Early.differs(values, self._values):
            self._early = Early(self._context.rng, values)
        self._values = values
        self._latency = values.latency_ns or 0
        self._jitter = values.jitter_ns or 0
        self._reordering = bool(values.reordering)
        self._limit = values.latency_limit or 0

    def _draw_by(self, values: LinkConditions) -> None:
        self._distribution = distribution_of(values, self._context)
        self._draw = self._distribution.draw

    def _push_some(self, packets: list[Packet]) -> None:
        """Hold those packets that find room and do not go early."""
        goes = self._early.goes if self._values.early else None
        for packet in packets:
            time = packet.time
            if self._limit:
                self._release(time, self._departed)
                if len(self._queue) + len(self._heap) >= self._limit:
                    self._context.drop(packet, "limit")
                    continue
            if goes and goes():
                self._departed.append(packet)
            else:
                self._hold(packet, time, self._draw() if self._jitter else 0.0, 0)

    def _release(self, now: int, due: list[Packet]) -> None:
        """Move what is due by `now` to `due`."""
        queue, append = self._queue, due.append
        while queue and queue[0][0] <= now:
            waiting = queue.popleft()
            packet = waiting[4]
            packet.time = waiting[0]
            append(packet)
        while self._heap and self._heap[0][0] <= now:
            waiting = heappop(self._heap)
            packet = waiting[4]
            packet.time = waiting[0]
            append(packet)

    def _hold(self, packet: Packet, since: int, deviation: float, earliest: int) -> None:
        """Hold a packet that arrived at `since`, due no earlier than `earliest`: a change never acts in the past."""
        due = max(since + max(0, self._latency + round(self._jitter * deviation)), earliest)
        self._number += 1
        if self._reordering:
            heappush(self._heap, (due, self._number, since, deviation, packet))
            return
        due = self._last_due = max(due, self._last_due)
        self._queue.append((due, self._number, since, deviation, packet))

    def _taken(self, leaves: Callable[[Packet], bool]) -> list[Waiting]:
        """Remove and return the packets for which `leaves` is true: by arrival if order is kept, else by due time."""
        held = [*self._queue, *sorted(self._heap)]
        self._queue = deque(waiting for waiting in self._queue if not leaves(waiting[4]))
        self._heap = [waiting for waiting in self._heap if not leaves(waiting[4])]
        heapify(self._heap)
        kept = {waiting[1] for waiting in (*self._queue, *self._heap)}
        return [waiting for waiting in held if waiting[1] not in kept]

"""Rate: a bottleneck that sends one packet after the other at a bit rate, with a droptail queue before it.

The model is a serialising link (as tc-tbf with a burst of one packet): a packet leaves when its last bit is through.
"""

from __future__ import annotations

import math
from collections import deque
from random import Random
from typing import ClassVar

from ..conditions import LinkConditions, QueueLimit
from ..packet import FULL_SIZE, Drop, Packet
from .element import Popped

DEFAULT_QUEUE = QueueLimit(200_000_000, "time")
LEAST_QUEUE_BYTES = 10 * FULL_SIZE

_NS_BITS = 8 * 10**9


class Rate:
    """Packets wait in line and leave at `rate_bps`; one that finds the queue full is dropped."""

    reads: ClassVar[tuple[str, ...]] = ("rate_bps", "queue", "overhead_bytes")

    def __init__(self, values: LinkConditions, rng: Random, drop: Drop) -> None:
        self._drop = drop
        self._queue: deque[Packet] = deque()
        self._queued_bytes = 0
        self._departed: list[Packet] = []
        self._free_at = 0  # when the last packet's last bit was through
        self._head_due = 0  # when the first in line will be through
        self._set(values)

    @staticmethod
    def wanted(values: LinkConditions) -> bool:
        return values.rate_bps is not None and not math.isinf(values.rate_bps)

    def push(self, packets: list[Packet]) -> None:
        for packet in packets:
            self._serve(packet.time)
            if self._full(packet):
                self._drop(packet, "queue")
                continue
            self._queue.append(packet)
            self._queued_bytes += packet.size
            if len(self._queue) == 1:
                self._head_due = max(packet.time, self._free_at) + self._cost(packet)

    def pop(self, now: int) -> Popped:
        self._serve(now)
        departed, self._departed = self._departed, []
        return departed, []

    def deadline(self) -> int | None:
        if self._departed:
            return self._departed[0].time
        return self._head_due if self._queue else None

    def configure(self, values: LinkConditions, now: int) -> None:
        self._serve(now)
        old_cost = self._cost(self._queue[0]) if self._queue else 0
        self._set(values)
        if self._queue:
            # What is left of the first packet goes on at the new rate.
            left = (self._head_due - now) / old_cost if old_cost else 0.0
            self._head_due = now + round(min(left, 1.0) * self._cost(self._queue[0]))

    def __len__(self) -> int:
        return len(self._queue) + len(self._departed)

    def _set(self, values: LinkConditions) -> None:
        rate = values.rate_bps if self.wanted(values) else None
        self._ns_per_byte = _NS_BITS / rate if rate else 0.0
        self._overhead = values.overhead_bytes or 0
        self._most_packets, self._most_bytes = _limits(values.queue, rate or math.inf)

    def _cost(self, packet: Packet) -> int:
        return round((packet.size + self._overhead) * self._ns_per_byte)

    def _full(self, packet: Packet) -> bool:
        """An empty queue takes any packet: a limit below one packet must not stop the link for good."""
        waiting = len(self._queue)
        return waiting > 0 and (waiting >= self._most_packets or self._queued_bytes + packet.size > self._most_bytes)

    def _serve(self, now: int) -> None:
        """Let all depart whose last bit is through by `now`."""
        queue = self._queue
        while queue and self._head_due <= now:
            packet = queue.popleft()
            self._queued_bytes -= packet.size
            packet.time = self._free_at = self._head_due
            self._departed.append(packet)
            if queue:
                self._head_due = max(queue[0].time, self._free_at) + self._cost(queue[0])


def _limits(queue: QueueLimit | None, rate_bps: float) -> tuple[float, float]:
    """The most packets and the most bytes that may wait at the present rate."""
    limit = queue or DEFAULT_QUEUE
    if limit.kind == "packets":
        return limit.amount, math.inf
    size = limit.amount * rate_bps / _NS_BITS if limit.kind == "time" else float(limit.amount)
    return math.inf, size if queue else max(size, LEAST_QUEUE_BYTES)

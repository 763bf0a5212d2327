"""RateTrace: a bottleneck that sends when a recorded link could, as mahimahi's mm-link(1).

Each line of the trace is an opportunity: a millisecond at which 1500 bytes of IP packets may leave: several small
packets or part of a large one. Unused bytes of an opportunity are lost. The trace repeats after its last line.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import ClassVar

from ..conditions import LinkConditions
from ..conditions.traces import read_rate_trace
from ..packets.packet import IP, VNET, Packet
from .bottleneck import DEPENDS_ON, Bottleneck
from .element import ElementContext

OPPORTUNITY_BYTES = 1500

_MS = 1_000_000
_ETHERNET = IP - VNET


class RateTrace(Bottleneck):
    """Queues packets for sending opportunities; a packet can only use opportunities after its arrival."""

    depends_on: ClassVar[tuple[str, ...]] = DEPENDS_ON

    def __init__(self, values: LinkConditions, context: ElementContext) -> None:
        super().__init__(context)
        self._name: str | None = None
        self._times_ms: Sequence[int] = ()
        self._period = 0
        self._lap = 0  # start of the current repetition
        self._begun = False
        self._index = 0
        self._left = 0  # unsent bytes of the head; 0: not started
        self._set(values)

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return values.rate_trace is not None

    def configure(self, values: LinkConditions, now: int) -> None:
        self.serve(now)
        before = self._name
        self._set(values)
        # Only another trace starts from its beginning; a change of the queue must not move the clock of this one.
        if self._times_ms and self._name != before:
            self._lap, self._begun = now, True
            self._seek(now)
        if not self._times_ms:
            self._release(now)

    def serve(self, now: int) -> None:
        line = self.queue.line
        while line and self.due <= now:
            self._use()

    def begin(self, now: int) -> None:
        self._left = 0
        # What an idle link could have sent is lost: a packet uses only opportunities after its arrival.
        if self._times_ms and self.due <= now:
            self._seek(now)

    def _set(self, values: LinkConditions) -> None:
        self._overhead = values.overhead_bytes or 0
        if values.rate_trace != self._name:
            self._name = values.rate_trace
            self._times_ms = self._context.files.parsed(self._name, read_rate_trace).times_ms if self._name else ()
            if self._times_ms:
                self._period = self._times_ms[-1] * _MS
        opportunities_per_ns = len(self._times_ms) / self._period if self._times_ms else math.inf
        rate_bps = opportunities_per_ns * OPPORTUNITY_BYTES * 8 * 10**9
        self.use(values if self._times_ms else LinkConditions(), rate_bps)

    def _seek(self, now: int) -> None:
        """Move to the first opportunity after `now`."""
        if not self._begun:
            self._lap, self._begun = self._context.began(), True
        self._lap += (now - self._lap) // self._period * self._period
        self._index = bisect_right(self._times_ms, (now - self._lap) // _MS)
        self.due = self._lap + self._times_ms[self._index] * _MS

    def _use(self) -> None:
        """Send up to `OPPORTUNITY_BYTES`, then move to the next opportunity."""
        queue, budget = self.queue, OPPORTUNITY_BYTES
        while budget > 0:
            if not self._left:
                head = queue.head(self.due)
                if head is None:
                    break
                self._left = self._cost(head)
            sent = min(budget, self._left)
            budget -= sent
            self._left -= sent
            if not self._left:
                packet = queue.leave()
                packet.waited = self.due - packet.time
                packet.time = self.due
                self.departed.append(packet)
        self._advance()

    def _advance(self) -> None:
        self._index += 1
        if self._index == len(self._times_ms):
            self._index = 0
            self._lap += self._period
        self.due = self._lap + self._times_ms[self._index] * _MS

    def _cost(self, packet: Packet) -> int:
        return max(1, packet.size - _ETHERNET + self._overhead)

    def _release(self, now: int) -> None:
        self._left = 0
        while self.queue.head(now):
            packet = self.queue.leave()
            packet.waited = now - packet.time
            packet.time = now
            self.departed.append(packet)

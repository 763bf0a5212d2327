"""Rate: a bottleneck that sends one packet after another at a fixed bit rate.

The model is a serialising link: a packet leaves once its last bit is sent. With a burst it is a token bucket (tc-tbf):
an idle link saves up the time for that many bytes, and a packet leaves once what it takes is paid. Unlike with tc-tbf,
a packet longer than the burst is not dropped: it takes the rest of its time.
"""

from __future__ import annotations

import math
from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.packet import Packet
from .bottleneck import DEPENDS_ON, Bottleneck
from .element import ElementContext

_NS_BITS = 8 * 10**9


class Rate(Bottleneck):
    """Queues packets and sends them at `rate_bps`."""

    depends_on: ClassVar[tuple[str, ...]] = DEPENDS_ON

    def __init__(self, values: LinkConditions, context: ElementContext) -> None:
        super().__init__(context)
        self._paid_until = 0  # when the last bit of the previous packet would have left without a burst
        self._head_paid_at = 0  # the same of the head
        self._head_cost = 0  # the time that the head takes without a burst
        self._set(values)

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return values.rate_bps is not None and not math.isinf(values.rate_bps)

    def configure(self, values: LinkConditions, now: int) -> None:
        self.serve(now)
        serving = self.queue.serving
        old_cost = self._cost(serving) if serving else 0
        self._set(values)
        if serving:
            # The rest of the packet being sent continues at the new rate, so a change neither resends nor skips bits.
            left = (self.due - now) / old_cost if old_cost else 0.0
            self._head_cost = self._cost(serving)
            self.due = self._head_paid_at = now + round(min(left, 1.0) * self._head_cost)

    def serve(self, now: int) -> None:
        line = self.queue.line
        while line and self.due <= now:
            packet = self.queue.leave()
            packet.waited = max(0, self.due - packet.time - self._head_cost)
            packet.time = self.due
            self._paid_until = self._head_paid_at
            self.departed.append(packet)
            if line:
                self.begin(packet.time)

    def begin(self, now: int) -> None:
        # A packet may reach an empty queue while the previous one's last bits are still on the wire.
        head = self.queue.head(max(now, self._paid_until))
        if head is not None:
            # Once the oldest packet has moved elsewhere, a fair queue may choose one that came later than `now`.
            now = max(now, head.time)
            self._head_cost = self._cost(head)
            self._head_paid_at = max(now - self._saved_ns, self._paid_until) + self._head_cost
            self.due = max(now, self._head_paid_at)

    def _set(self, values: LinkConditions) -> None:
        rate = values.rate_bps if self.enabled(values) else None
        self._ns_per_byte = _NS_BITS / rate if rate else 0.0
        self._overhead = values.overhead_bytes or 0
        self._cell = values.cell_bytes or 0
        self._whole_cell = self._cell + (values.cell_overhead_bytes or 0)
        self._saved_ns = round((values.burst_bytes or 0) * self._ns_per_byte)
        self.use(values if rate else LinkConditions(), rate or math.inf)

    def _cost(self, packet: Packet) -> int:
        size = packet.size + self._overhead
        if self._cell:
            size = -(-size // self._cell) * self._whole_cell
        return round(size * self._ns_per_byte)

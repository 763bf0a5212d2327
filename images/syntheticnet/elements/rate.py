"""Rate: a bottleneck that sends one packet after another at a fixed bit rate.

The model is a serialising link (tc-tbf with a burst of one packet): a packet leaves once its last bit is sent.
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
        self._free_at = 0  # when the last bit of the previous packet left
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
            self.due = now + round(min(left, 1.0) * self._cost(serving))

    def serve(self, now: int) -> None:
        line = self.queue.line
        while line and self.due <= now:
            packet = self.queue.leave()
            packet.time = self._free_at = self.due
            self.departed.append(packet)
            if line:
                self.begin(packet.time)

    def begin(self, now: int) -> None:
        # A packet may reach an empty queue while the previous one's last bits are still on the wire.
        start = now if now > self._free_at else self._free_at
        head = self.queue.head(start)
        if head is not None:
            # Once the oldest packet has moved elsewhere, a fair queue may choose one that came later than `now`.
            if head.time > start:
                start = head.time
            self.due = start + round((head.size + self._overhead) * self._ns_per_byte)

    def _set(self, values: LinkConditions) -> None:
        rate = values.rate_bps if self.enabled(values) else None
        self._ns_per_byte = _NS_BITS / rate if rate else 0.0
        self._overhead = values.overhead_bytes or 0
        self.use(values if rate else LinkConditions(), rate or math.inf)

    def _cost(self, packet: Packet) -> int:
        return round((packet.size + self._overhead) * self._ns_per_byte)

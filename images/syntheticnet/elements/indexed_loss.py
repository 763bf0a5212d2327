"""IndexedLoss: drops exactly the chosen packets: every n-th, or those at listed positions.

For tests that must lose the same packets in every run; every n-th equals iptables' `statistic --mode nth`.
"""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from ..conditions import LinkConditions
from ..conditions.losses import PacketNumbers
from ..packets.packet import Packet
from .element import ElementContext, Instant


class IndexedLoss(Instant):
    """Counts packets from 1; a count restarts when its value or the seed changes."""

    depends_on: ClassVar[tuple[str, ...]] = ("loss_every", "loss_list")

    def __init__(self, values: LinkConditions, context: ElementContext) -> None:
        self._every: int | None = None
        self._list: PacketNumbers | None = None
        self._since = 0  # packets since the last n-th one
        self._number = 0
        self._ranges: deque[tuple[int, int]] = deque()
        super().__init__(values, context)

    def restart(self) -> None:
        self._since = self._number = 0
        self._ranges = deque(self._list.ranges if self._list else ())

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return values.loss_every is not None or values.loss_list is not None

    def set(self, values: LinkConditions) -> None:
        if values.loss_every != self._every:
            self._every, self._since = values.loss_every, 0
        if values.loss_list != self._list:
            self._list, self._number = values.loss_list, 0
            self._ranges = deque(values.loss_list.ranges if values.loss_list else ())

    def process(self, packets: list[Packet]) -> list[Packet]:
        passed = []
        for packet in packets:
            # `|` and not `or`: both counters must see every packet, even one the other drops.
            if self._is_nth() | self._is_listed():
                self.context.drop(packet, "loss")
            else:
                passed.append(packet)
        return passed

    def _is_nth(self) -> bool:
        self._since += 1
        if self._since != self._every:
            return False
        self._since = 0
        return True

    def _is_listed(self) -> bool:
        self._number += 1
        ranges, number = self._ranges, self._number
        while ranges and ranges[0][1] < number:
            ranges.popleft()
        return bool(ranges) and ranges[0][0] <= number

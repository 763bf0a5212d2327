"""IndexedLoss: loses just the packets that it is told: every n-th, or those of given numbers.

For tests that must lose the same packets each time; every n-th is iptables' `statistic --mode nth`.
"""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from ..conditions import LinkConditions
from ..conditions.losses import PacketNumbers
from ..packets.packet import Packet
from .element import ElementContext, Instant


class IndexedLoss(Instant):
    """Counts packets from 1 since each of its values, or else a seed, was put in force."""

    depends_on: ClassVar[tuple[str, ...]] = ("loss_every", "loss_list")

    def __init__(self, values: LinkConditions, kit: ElementContext) -> None:
        self._every: int | None = None
        self._list: PacketNumbers | None = None
        self._since = 0  # packets since the last that was lost as the n-th
        self._number = 0
        self._ranges: deque[tuple[int, int]] = deque()
        super().__init__(values, kit)

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
            # Both count every packet, also one that the other picks.
            if self._is_nth() | self._is_listed():
                self.kit.drop(packet, "loss")
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

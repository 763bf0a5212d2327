"""Outage: the link is down and drops every packet, as tc-netem's `loss 100%` but with its own drop cause."""

from __future__ import annotations

from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.packet import Packet
from .element import Instant


class Outage(Instant):
    """Drops every packet."""

    depends_on: ClassVar[tuple[str, ...]] = ("outage",)

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return bool(values.outage)

    def set(self, values: LinkConditions) -> None:
        self._down = bool(values.outage)

    def process(self, packets: list[Packet]) -> list[Packet]:
        if not self._down:
            return packets
        for packet in packets:
            self.context.drop(packet, "outage")
        return []

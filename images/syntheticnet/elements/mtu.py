"""Mtu: drops packets that are too long and reports the limit to their sender (RFC 1191, RFC 8201).

It never fragments: a packet without DF is dropped and answered like any other, as on many real paths. An MTU below
1280 breaks IPv6, whose endpoints do not go below that (RFC 8201 section 4). Without answers it is the path MTU black
hole of RFC 2923.
"""

from __future__ import annotations

import math
from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.icmp_replies import too_big
from ..packets.packet import IP, VNET, Packet
from .element import Instant

_ETHERNET = IP - VNET


class Mtu(Instant):
    """Drops packets longer than the MTU; answers of other elements always pass."""

    depends_on: ClassVar[tuple[str, ...]] = ("mtu_bytes", "mtu_answer")

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return values.mtu_bytes is not None

    def set(self, values: LinkConditions) -> None:
        self._mtu = values.mtu_bytes
        self._answering = values.mtu_answer is not False

    def process(self, packets: list[Packet]) -> list[Packet]:
        most = math.inf if self._mtu is None else self._mtu + _ETHERNET
        passed = []
        for packet in packets:
            if packet.size <= most or packet.originated:
                passed.append(packet)
            else:
                self._refuse(packet)
        return passed

    def _refuse(self, packet: Packet) -> None:
        self.context.drop(packet, "mtu")
        answer = too_big(packet.buffer, self._mtu or 0) if self._answering else None
        if answer is not None:
            self.answer(packet.answer(answer))

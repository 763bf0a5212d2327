"""Reject: drops every packet and answers its sender, as a firewall (nft's `reject`) or a closed port does.

Answers are TCP resets (RFC 9293 3.10.7.1) and ICMP errors (RFC 792, RFC 1812, RFC 4443).
"""

from __future__ import annotations

from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.icmp_replies import refusal
from ..packets.packet import Packet
from .element import Instant


class Reject(Instant):
    """Rejects all packets except answers of other elements, which must not be answered."""

    depends_on: ClassVar[tuple[str, ...]] = ("reject",)

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return values.reject is not None

    def set(self, values: LinkConditions) -> None:
        self._how = values.reject

    def process(self, packets: list[Packet]) -> list[Packet]:
        how, drop = self._how, self.context.drop
        if how is None:
            return packets
        passed = []
        for packet in packets:
            if packet.originated:
                passed.append(packet)
                continue
            drop(packet, "reject")
            answer = refusal(packet.buffer, how)
            if answer is not None:
                self.answer(packet.answer(answer))
        return passed

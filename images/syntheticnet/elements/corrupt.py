"""Corrupt: one wrong bit in a share of packets (tc-netem's `corrupt`), for the receiver's checksum to find."""

from __future__ import annotations

from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.checksum import completed
from ..packets.packet import IP, Packet
from .element import Instant


class Corrupt(Instant):
    """Flips a bit, anywhere behind the Ethernet header, after completing a checksum that the kernel has left partial.

    Otherwise the device would reckon it afterwards, and the wrong bit would be right.
    """

    depends_on: ClassVar[tuple[str, ...]] = ("corrupt",)

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return bool(values.corrupt)

    def set(self, values: LinkConditions) -> None:
        self._share = values.corrupt or 0.0

    def process(self, packets: list[Packet]) -> list[Packet]:
        share, random = self._share, self.kit.rng.random
        for packet in packets:
            if random() < share and len(packet.buffer) > IP:
                packet.buffer = _flipped(packet.buffer, random())
        return packets


def _flipped(buffer: bytes, where: float) -> bytes:
    """The buffer with one bit changed, `where` of the way from the Ethernet header to the end."""
    changed = bytearray(completed(buffer))
    octet, bit = divmod(int(where * (len(buffer) - IP) * 8), 8)
    changed[IP + octet] ^= 0x80 >> bit
    return bytes(changed)

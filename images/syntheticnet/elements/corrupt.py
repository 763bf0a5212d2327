"""Corrupt: flips one bit in a share of packets (tc-netem's `corrupt`); the receiver's checksum should catch it."""

from __future__ import annotations

from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.checksum import completed
from ..packets.packet import IP, Packet
from .chance import Chance
from .element import Instant


class Corrupt(Instant):
    """Flips a random bit behind the Ethernet header, after completing any partial checksum.

    The kernel would otherwise compute the checksum over the flipped bit, and the packet would be valid.
    """

    depends_on: ClassVar[tuple[str, ...]] = ("corrupt", "corrupt_correlation")

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return bool(values.corrupt)

    def restart(self) -> None:
        self._chance.restart()

    def set(self, values: LinkConditions) -> None:
        self._chance = Chance(self.context.rng, values.corrupt, values.corrupt_correlation)

    def process(self, packets: list[Packet]) -> list[Packet]:
        is_corrupted, random = self._chance.hit, self.context.rng.random
        for packet in packets:
            if is_corrupted() and len(packet.buffer) > IP:
                packet.buffer = _flipped(packet.buffer, random())
        return packets


def _flipped(buffer: bytes, where: float) -> bytes:
    """The buffer with one bit flipped, at `where` (0 to 1) between the Ethernet header and the end."""
    changed = bytearray(completed(buffer))
    octet, bit = divmod(int(where * (len(buffer) - IP) * 8), 8)
    changed[IP + octet] ^= 0x80 >> bit
    return bytes(changed)

"""Duplicate: sends a share of packets twice (tc-netem's `duplicate`), the copy right behind the original."""

from __future__ import annotations

from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.packet import Packet
from .element import Instant


class Duplicate(Instant):
    """Copies a share of packets; a copy is never copied again."""

    depends_on: ClassVar[tuple[str, ...]] = ("duplicate",)

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return bool(values.duplicate)

    def set(self, values: LinkConditions) -> None:
        self._share = values.duplicate or 0.0

    def process(self, packets: list[Packet]) -> list[Packet]:
        share, random, duplicate = self._share, self.context.rng.random, self.context.duplicate
        passed = []
        for packet in packets:
            passed.append(packet)
            if random() < share:
                passed.append(duplicate(packet))
        return passed

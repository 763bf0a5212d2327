"""Duplicate: sends a share of packets twice (tc-netem's `duplicate`), the copy right behind the original."""

from __future__ import annotations

from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.packet import Packet
from .chance import Chance
from .element import Instant


class Duplicate(Instant):
    """Copies a share of packets; a copy is never copied again."""

    depends_on: ClassVar[tuple[str, ...]] = ("duplicate", "duplicate_correlation")

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return bool(values.duplicate)

    def restart(self) -> None:
        self._chance.restart()

    def set(self, values: LinkConditions) -> None:
        self._chance = Chance(self.context.rng, values.duplicate, values.duplicate_correlation)

    def process(self, packets: list[Packet]) -> list[Packet]:
        is_copied, duplicate = self._chance.hit, self.context.duplicate
        passed = []
        for packet in packets:
            passed.append(packet)
            if is_copied():
                passed.append(duplicate(packet))
        return passed

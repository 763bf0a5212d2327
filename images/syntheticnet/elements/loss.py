"""Loss: drops each packet with the same probability, independently (tc-netem's `loss random`)."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from ..conditions import LinkConditions
from ..packet import Drop, Packet
from .element import Popped


class Loss:
    """Drops a share of packets; the others pass at once."""

    reads: ClassVar[tuple[str, ...]] = ("loss",)

    def __init__(self, values: LinkConditions, rng: Random, drop: Drop) -> None:
        self._share = values.loss or 0.0
        self._random = rng.random
        self._drop = drop
        self._passed: list[Packet] = []

    @staticmethod
    def wanted(values: LinkConditions) -> bool:
        return bool(values.loss)

    def push(self, packets: list[Packet]) -> None:
        share, random, keep = self._share, self._random, self._passed.append
        for packet in packets:
            if random() < share:
                self._drop(packet, "loss")
            else:
                keep(packet)

    def pop(self, now: int) -> Popped:
        passed, self._passed = self._passed, []
        return passed, []

    def deadline(self) -> int | None:
        return self._passed[0].time if self._passed else None

    def configure(self, values: LinkConditions, now: int) -> None:
        self._share = values.loss or 0.0

    def __len__(self) -> int:
        return len(self._passed)

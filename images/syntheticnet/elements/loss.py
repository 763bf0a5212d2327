"""Loss: drops a share of packets, independently or correlated (tc-netem's `loss random`, with a law of our own)."""

from __future__ import annotations

from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.packet import Packet
from .chance import Chance
from .element import Instant


class Loss(Instant):
    """Drops a share of packets."""

    depends_on: ClassVar[tuple[str, ...]] = ("loss", "loss_burst", "loss_correlation")

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return bool(values.loss) and values.loss_burst is None  # else BurstLoss applies

    def restart(self) -> None:
        self._chance.restart()

    def set(self, values: LinkConditions) -> None:
        share = values.loss if values.loss_burst is None else None
        self._chance = Chance(self.context.rng, share, values.loss_correlation)

    def process(self, packets: list[Packet]) -> list[Packet]:
        is_lost, drop = self._chance.hit, self.context.drop
        passed = []
        for packet in packets:
            if is_lost():
                drop(packet, "loss")
            else:
                passed.append(packet)
        return passed

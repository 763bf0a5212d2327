"""Loss: drops each packet with the same probability, independently (tc-netem's `loss random`)."""

from __future__ import annotations

from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.packet import Packet
from .element import Instant


class Loss(Instant):
    """Drops a share of packets."""

    depends_on: ClassVar[tuple[str, ...]] = ("loss", "loss_burst")

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return bool(values.loss) and values.loss_burst is None  # else BurstLoss applies

    def set(self, values: LinkConditions) -> None:
        self._share = (values.loss or 0.0) if values.loss_burst is None else 0.0

    def process(self, packets: list[Packet]) -> list[Packet]:
        share, random, drop = self._share, self.context.rng.random, self.context.drop
        passed = []
        for packet in packets:
            if random() < share:
                drop(packet, "loss")
            else:
                passed.append(packet)
        return passed

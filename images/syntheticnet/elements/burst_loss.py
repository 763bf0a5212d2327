"""BurstLoss: bursty loss after Gilbert (1960) and Elliott (1963); tc-netem's `loss gemodel`.

A two-state Markov chain (good, bad) moves once per packet; the new state's loss probability then decides.
"""

from __future__ import annotations

from typing import ClassVar

from ..conditions import LinkConditions
from ..conditions.losses import GilbertElliott
from ..packets.packet import Packet
from .element import Instant

_NONE = GilbertElliott(0.0, 1.0, 0.0, 0.0)


class BurstLoss(Instant):
    """Drops packets by the state of the chain, which starts in its steady state so that the average holds at once."""

    depends_on: ClassVar[tuple[str, ...]] = ("loss", "loss_burst", "loss_gemodel")

    def restart(self) -> None:
        model = self._model
        moving = model.to_bad + model.to_good
        self._bad = moving > 0 and self.context.rng.random() < model.to_bad / moving

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return values.loss_gemodel is not None or bool(values.loss and values.loss_burst)

    def set(self, values: LinkConditions) -> None:
        self._model = values.loss_gemodel or (
            gilbert(values.loss, values.loss_burst) if values.loss and values.loss_burst else _NONE
        )

    def process(self, packets: list[Packet]) -> list[Packet]:
        model, random, drop, bad = self._model, self.context.rng.random, self.context.drop, self._bad
        to_bad, to_good, in_bad, in_good = model.to_bad, model.to_good, model.lost_in_bad, model.lost_in_good
        passed = []
        for packet in packets:
            bad = random() >= to_good if bad else random() < to_bad
            if random() < (in_bad if bad else in_good):
                drop(packet, "loss")
            else:
                passed.append(packet)
        self._bad = bad
        return passed


def gilbert(share: float, burst: float) -> GilbertElliott:
    """The model that loses `share` of packets, in bursts of `burst` packets on average.

    Every packet of the bad state is lost. That state takes p / (p + r) of the time and lasts 1 / r packets. If p would
    exceed 1 (a flow's high loss with its link's short burst), the bursts get longer instead.
    """
    if share >= 1:
        return GilbertElliott(1.0, 0.0, 1.0, 0.0)
    to_good = min(1 / burst, (1 - share) / share)
    return GilbertElliott(to_good * share / (1 - share), to_good, 1.0, 0.0)

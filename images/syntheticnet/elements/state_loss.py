"""StateLoss: the 4-state Markov model of tc-netem's `loss state`.

Source: Salsano, Ludovici, Ordine, Giordano: Definition of a general and intuitive loss model for packet networks and
its implementation in the Netem module in the Linux kernel (2012).

States: 1 received, 2 received within a burst, 3 lost within a burst, 4 isolated loss. Each packet moves the chain, and
the new state decides its fate; state 4 always returns to 1.
"""

from __future__ import annotations

from typing import ClassVar

from ..conditions import LinkConditions
from ..conditions.losses import FourState
from ..packets.packet import Packet
from .element import Instant

_NONE = FourState(0.0, 1.0, 0.0, 1.0, 0.0)


class StateLoss(Instant):
    """Drops packets in states 3 and 4; starts in state 1, as netem does."""

    depends_on: ClassVar[tuple[str, ...]] = ("loss_state",)

    def restart(self) -> None:
        self._state = 1

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return values.loss_state is not None

    def set(self, values: LinkConditions) -> None:
        model = values.loss_state or _NONE
        # Per state: (bound, target) twice, and the target of a draw above both bounds.
        self._moves = {
            1: (model.p13, 3, model.p13 + model.p14, 4, 1),
            2: (model.p23, 3, 0.0, 2, 2),
            3: (model.p31, 1, model.p31 + model.p32, 2, 3),
            4: (0.0, 1, 0.0, 1, 1),
        }

    def process(self, packets: list[Packet]) -> list[Packet]:
        moves, random, drop, state = self._moves, self.context.rng.random, self.context.drop, self._state
        passed = []
        for packet in packets:
            low, first, high, second, rest = moves[state]
            draw = random()
            state = first if draw < low else second if draw < high else rest
            if state > 2:
                drop(packet, "loss")
            else:
                passed.append(packet)
        self._state = state
        return passed

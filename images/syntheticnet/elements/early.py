"""Early: which packets skip the delay, as with tc-netem's `reorder PERCENT [CORRELATION] [gap DISTANCE]`."""

from __future__ import annotations

from ..conditions import LinkConditions
from .chance import Chance
from .element import RandomStream


class Early:
    """Lets a share of packets go at once, each at least `early_gap` packets behind the one before."""

    def __init__(self, stream: RandomStream, values: LinkConditions) -> None:
        self._chance = Chance(stream, values.early, values.early_correlation)
        self._least = (values.early_gap or 1) - 1
        self._delayed = 0

    @staticmethod
    def differs(one: LinkConditions, other: LinkConditions) -> bool:
        """Whether the two ask for another choice of packets."""
        return any(getattr(one, name) != getattr(other, name) for name in ("early", "early_correlation", "early_gap"))

    def restart(self) -> None:
        self._chance.restart()
        self._delayed = 0

    def goes(self) -> bool:
        """Decide for the next packet; no draw is made for one that is too close to the last early one."""
        if self._delayed < self._least or not self._chance.hit():
            self._delayed += 1
            return False
        self._delayed = 0
        return True

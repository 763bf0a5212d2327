"""The protocol of elements: what one effect in a link must offer, and nothing more."""

from __future__ import annotations

from random import Random
from typing import ClassVar, Protocol

from ..conditions import LinkConditions
from ..packet import Drop, Packet

Popped = tuple[list[Packet], list[Packet]]


class Element(Protocol):
    """One effect. It never reads a clock: `now` and all packet times are nanoseconds of the same clock.

    An element may keep packets, hand them on later, or drop them through the sink it was made with; it counts nothing.
    """

    reads: ClassVar[tuple[str, ...]]
    """The attributes of LinkConditions that it depends on; a flow that names any of them has an element of its own."""

    def __init__(self, values: LinkConditions, rng: Random, drop: Drop) -> None:
        """Make it for `values`; `rng` is its own stream of random numbers."""

    @staticmethod
    def wanted(values: LinkConditions) -> bool:
        """Whether `values` ask for this effect at all; where they do not, the link has no such element."""

    def push(self, packets: list[Packet]) -> None:
        """Take packets, sorted by `time`; what was due before each one's `time` has left before it is admitted."""

    def pop(self, now: int) -> Popped:
        """Packets that are due by `now`, sorted, `time` set to when each was due; then those it answers itself."""

    def deadline(self) -> int | None:
        """When to call `pop` next; None while nothing is held."""

    def configure(self, values: LinkConditions, now: int) -> None:
        """Put new values in force at once, also on what is held; nothing that is held is lost.

        With values that do not ask for the effect, all that is held is due at `now`.
        """

    def __len__(self) -> int:
        """How many packets are held."""

"""The element protocol: what an effect must implement, and what it gets to work with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from ..conditions import LinkConditions
from ..conditions.files import Files
from ..packets.packet import Packet

Popped = tuple[list[Packet], list[Packet]]


class RandomStream(Protocol):
    """A stream of random numbers; restarting the stream replaces the function `random`."""

    @property
    def random(self) -> Callable[[], float]:
        """Returns a number in [0, 1)."""


@dataclass(frozen=True, slots=True)
class ElementContext:
    """Everything an element gets from its link.

    `rng` is its private stream of random numbers. `drop` discards a packet and counts it under a cause. `duplicate`
    returns a counted copy of a packet. `files` holds the traces and tables that values name. `began`, valid from the
    first `push` on, returns when the element's initial values were applied.
    """

    rng: RandomStream
    drop: Callable[[Packet, str], None]
    duplicate: Callable[[Packet], Packet]
    files: Files = field(default_factory=Files)
    began: Callable[[], int] = lambda: 0


class Element(Protocol):
    """One effect. It never reads a clock: `now` and all packet times are nanoseconds of the same clock.

    An element may hold, release, drop, copy or answer packets. The link does all the counting.
    """

    depends_on: ClassVar[tuple[str, ...]]
    """The attributes of LinkConditions it reads; a flow that sets any of them gets its own element."""

    def __init__(self, values: LinkConditions, context: ElementContext) -> None:
        """Start with `values`."""

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        """Whether `values` turn this effect on; if not, the link has no such element."""

    def push(self, packets: list[Packet]) -> None:
        """Take packets sorted by `time`. Before admitting each one, release what was due before its `time`."""

    def pop(self, now: int) -> Popped:
        """Packets due by `now`, sorted, with `time` set to their due time; then the element's own answers."""

    def deadline(self) -> int | None:
        """When to call `pop` next; None if nothing is held."""

    def slack(self) -> int:
        """Minimum time (ns) any packet pushed from now on is held. The loop may push a packet that much later."""

    def configure(self, values: LinkConditions, now: int) -> None:
        """Apply new values at once, to held packets too; drop none of them.

        If the values turn the effect off, everything held is due at `now`.
        """

    def restart(self) -> None:
        """Treat new packets as a new element would: the random stream restarts. Held packets are not affected."""

    def migrate_out(self, leaves: Callable[[Packet], bool]) -> list[Packet]:
        """Remove and return the held packets for which `leaves` is true, in order; `time` is when each was pushed."""

    def migrate_in(self, packets: list[Packet], now: int) -> None:
        """Take over packets from an element of this class, in order; drop none, release none before `now`."""

    def __len__(self) -> int:
        """The number of held packets."""


class Instant(ABC):
    """An effect that holds no packets: it decides on arrival, and what passes is due at once.

    A subclass defines `depends_on`, `enabled`, `set` and `process`; also `restart` if it keeps state between packets.
    """

    depends_on: ClassVar[tuple[str, ...]]

    def __init__(self, values: LinkConditions, context: ElementContext) -> None:
        self.context = context
        self._passed: list[Packet] = []
        self._answers: list[Packet] = []
        self.set(values)
        self.restart()

    def restart(self) -> None:  # noqa: B027 - most keep no state
        """Reset state left by earlier packets and draws."""

    @abstractmethod
    def set(self, values: LinkConditions) -> None:
        """Use these values from now on; they may turn the effect off."""

    @abstractmethod
    def process(self, packets: list[Packet]) -> list[Packet]:
        """The packets that pass, in order."""

    def answer(self, packet: Packet) -> None:
        """Send a packet back towards the sender."""
        self._answers.append(packet)

    def push(self, packets: list[Packet]) -> None:
        self._passed += self.process(packets)

    def pop(self, now: int) -> Popped:
        passed, self._passed = self._passed, []
        answers, self._answers = self._answers, []
        return passed, answers

    def deadline(self) -> int | None:
        waiting = self._passed or self._answers
        return waiting[0].time if waiting else None

    def slack(self) -> int:
        return 0

    def configure(self, values: LinkConditions, now: int) -> None:
        self.set(values)

    def migrate_out(self, leaves: Callable[[Packet], bool]) -> list[Packet]:
        return []  # decided packets leave with the next `pop`

    def migrate_in(self, packets: list[Packet], now: int) -> None:
        for packet in packets:
            packet.time = now
        self._passed += packets

    def __len__(self) -> int:
        return len(self._passed)

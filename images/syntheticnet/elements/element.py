"""The protocol of elements: what one effect in a link must offer, what it is given, and nothing more."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from ..conditions import LinkConditions
from ..conditions.files import Files
from ..packets.packet import Packet

Popped = tuple[list[Packet], list[Packet]]


class Stream(Protocol):
    """A stream of random numbers; `random` is another function once the stream has begun anew."""

    @property
    def random(self) -> Callable[[], float]:
        """Gives a number from 0 up to 1."""


@dataclass(frozen=True, slots=True)
class ElementContext:
    """What an element is given to work with.

    `rng` is its own stream of random numbers. `drop` is the one sink of discarded packets: it takes the packet and the
    cause. `duplicate` makes a counted copy of a packet. `files` are the traces and tables that values name. `began`
    tells, from the first `push` on, when the values that the element was made for were put in force.
    """

    rng: Stream
    drop: Callable[[Packet, str], None]
    duplicate: Callable[[Packet], Packet]
    files: Files = field(default_factory=Files)
    began: Callable[[], int] = lambda: 0


class Element(Protocol):
    """One effect. It never reads a clock: `now` and all packet times are nanoseconds of the same clock.

    An element may keep packets, hand them on later, drop, copy or answer them; it counts nothing.
    """

    depends_on: ClassVar[tuple[str, ...]]
    """The attributes of LinkConditions that it depends on; a flow that names any of them has an element of its own."""

    def __init__(self, values: LinkConditions, kit: ElementContext) -> None:
        """Make it for `values`."""

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        """Whether `values` ask for this effect at all; where they do not, the link has no such element."""

    def push(self, packets: list[Packet]) -> None:
        """Take packets, sorted by `time`; what was due before each one's `time` has left before it is admitted."""

    def pop(self, now: int) -> Popped:
        """Packets that are due by `now`, sorted, `time` set to when each was due; then those it answers itself."""

    def deadline(self) -> int | None:
        """When to call `pop` next; None while nothing is held."""

    def slack(self) -> int:
        """How long, in ns, any packet pushed from now on will at least be held: so much later may it be pushed."""

    def configure(self, values: LinkConditions, now: int) -> None:
        """Put new values in force at once, also on what is held; nothing that is held is lost.

        With values that do not ask for the effect, all that is held is due at `now`.
        """

    def restart(self) -> None:
        """Decide about newcomers as a new element would: its stream begins anew. What is held stays as it is."""

    def migrate_out(self, leaves: Callable[[Packet], bool]) -> list[Packet]:
        """Part with the held packets for which `leaves` is true, in order; `time` is when each was pushed."""

    def migrate_in(self, packets: list[Packet], now: int) -> None:
        """Take over what another element of the kind gave, in order: none is dropped, and none is due before `now`."""

    def __len__(self) -> int:
        """How many packets are held."""


class Instant(ABC):
    """An effect that holds nothing: it decides about packets as they come, and what passes is due at once.

    A child says what it `depends_on`, when it is `enabled`, how it is `set`, and how it processes packets; one that
    remembers anything of them says how to `restart`.
    """

    depends_on: ClassVar[tuple[str, ...]]

    def __init__(self, values: LinkConditions, kit: ElementContext) -> None:
        self.kit = kit
        self._passed: list[Packet] = []
        self._answers: list[Packet] = []
        self.set(values)
        self.restart()

    def restart(self) -> None:  # noqa: B027 - most have nothing but their stream
        """Forget what came of earlier packets and draws."""

    @abstractmethod
    def set(self, values: LinkConditions) -> None:
        """Use these values from now on; they may not ask for the effect any more."""

    @abstractmethod
    def process(self, packets: list[Packet]) -> list[Packet]:
        """What passes of `packets`, in order."""

    def answer(self, packet: Packet) -> None:
        """Send a packet of its own back."""
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
        return []  # what has been decided upon leaves with the next `pop`

    def migrate_in(self, packets: list[Packet], now: int) -> None:
        for packet in packets:
            packet.time = now
        self._passed += packets

    def __len__(self) -> int:
        return len(self._passed)

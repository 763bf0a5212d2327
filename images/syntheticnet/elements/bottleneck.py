"""Bottleneck: what Rate and RateTrace have in common: a queue, and departures that are reckoned up to a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from ..conditions import LinkConditions
from ..packets.packet import Packet
from .element import ElementContext, Popped
from .queue import Queue

DEPENDS_ON = (
    "rate_bps",
    "rate_trace",
    "queue",
    "overhead_bytes",
    "aqm",
    "codel_target_ns",
    "codel_interval_ns",
    "ecn",
)
"""Both depend on all of them: a flow with a rate of its own does not pass the trace of its link as well."""


class Bottleneck(ABC):
    """Packets wait in a queue; a child says when bytes may leave."""

    def __init__(self, kit: ElementContext) -> None:
        self.queue = Queue(kit)
        self.departed: list[Packet] = []
        self.due = 0
        """While something is in line: when the first is through, or can go on."""

    @abstractmethod
    def serve(self, now: int) -> None:
        """Let all depart that are through by `now`."""

    @abstractmethod
    def begin(self, now: int) -> None:
        """Begin with the first in line, which is new there, no earlier than at `now`."""

    @abstractmethod
    def configure(self, values: LinkConditions, now: int) -> None:
        """See Element."""

    def push(self, packets: list[Packet]) -> None:
        line, admit = self.queue.line, self.queue.admit
        for packet in packets:
            time = packet.time
            if line and self.due <= time:
                self.serve(time)
            if admit(packet) and len(line) == 1:
                self.begin(time)

    def pop(self, now: int) -> Popped:
        self.serve(now)
        departed, self.departed = self.departed, []
        return departed, []

    def deadline(self) -> int | None:
        if self.departed:
            return self.departed[0].time
        return self.due if self.queue.line else None

    def slack(self) -> int:
        return 0

    def restart(self) -> None:  # noqa: B027 - not for children either
        """Nothing here is drawn."""

    def migrate_out(self, leaves: Callable[[Packet], bool]) -> list[Packet]:
        head = self.queue.line[0] if self.queue.line else None
        given = self.queue.remove(leaves)
        if given and given[0] is head and self.queue.line:
            self.begin(self.queue.line[0].time)
        return given

    def migrate_in(self, packets: list[Packet], now: int) -> None:
        for packet in packets:
            self.queue.take_over(packet)
            if len(self.queue.line) == 1:
                self.begin(now)

    def __len__(self) -> int:
        return len(self.queue.line) + len(self.departed)

"""Queue: which packets a bottleneck keeps and which it sends next; each discipline is a file of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Set

from ..conditions import LinkConditions
from ..conditions.depth import limits
from ..packets.packet import Packet
from .ecn import marked
from .element import ElementContext


class Queue(ABC):
    """Waiting packets; `time` is their arrival. One in service stays, and counts, until its last bit has left.

    A subclass defines `line`, all packets in order of arrival, and how packets join and leave it.
    """

    line: Collection[Packet]

    def __init__(self, context: ElementContext) -> None:
        self._drop = context.drop
        self._rng = context.rng
        self._ecn = False
        self._bytes = 0
        self.serving: Packet | None = None
        """The packet that `head` chose, until it leaves."""

    def set(self, values: LinkConditions, rate_bps: float) -> None:
        """Apply the limits and parameters of `values` at an average of `rate_bps`; packets already queued stay."""
        self._most_packets, self._most_bytes = limits(values, rate_bps)
        self._ecn = bool(values.ecn)

    def restart(self) -> None:  # noqa: B027 - most draw no random numbers
        """Treat new packets as a new queue would."""

    @abstractmethod
    def admit(self, packet: Packet) -> bool:
        """Queue a packet unless it is dropped.

        An empty queue takes a packet of any size: with a lower limit nothing could ever pass.
        """

    @abstractmethod
    def take_over(self, packet: Packet) -> None:
        """Queue a packet that another queue has already admitted."""

    @abstractmethod
    def head(self, now: int) -> Packet | None:
        """Choose the packet whose first bit leaves at `now`, and drop what must not leave; None if nothing is left."""

    @abstractmethod
    def leave(self) -> Packet:
        """Remove and return the packet in service; without one, the next."""

    @abstractmethod
    def discard(self, gone: Set[Packet]) -> None:
        """Remove these packets, which the caller takes care of."""

    def remove(self, leaves: Callable[[Packet], bool]) -> list[Packet]:
        """Remove and return the packets for which `leaves` is true, in order of arrival."""
        removed = [packet for packet in self.line if leaves(packet)]
        if removed:
            gone = set(removed)
            if self.serving in gone:
                self.serving = None
            self.discard(gone)
            self._bytes -= sum([packet.size for packet in removed])
        return removed

    def succeed(self, other: Queue) -> None:
        """Take over all that another queue holds; the packet in service remains so."""
        self.serving = other.serving
        if self.serving is not None:
            self.take_over(self.serving)
        for packet in other.line:
            if packet is not self.serving:
                self.take_over(packet)

    def marks(self, packet: Packet) -> bool:
        """Signal congestion by a mark (RFC 3168) if ECN is on and the packet's endpoints support it."""
        mark = marked(packet.buffer) if self._ecn else None
        if mark is None:
            return False
        packet.buffer = mark
        return True

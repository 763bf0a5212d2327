"""Queue: which packets a bottleneck keeps, independent of when they leave; droptail, or CoDel (RFC 8289) on top."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ..conditions import LinkConditions
from ..conditions.depth import limits
from ..packets.packet import Packet
from .codel import INTERVAL_NS, TARGET_NS, Codel
from .ecn import marked
from .element import ElementContext


class Queue:
    """Waiting packets; `time` is their arrival. The head stays, and counts as queued, until its last bit has left."""

    def __init__(self, context: ElementContext) -> None:
        self._drop = context.drop
        self.line: deque[Packet] = deque()
        self._bytes = 0
        self._codel: Codel | None = None
        self._ecn = False

    def set(self, values: LinkConditions, rate_bps: float) -> None:
        """Apply the queue limits and AQM of `values` at an average of `rate_bps`; packets already queued stay."""
        self._most_packets, self._most_bytes = limits(values.queue, rate_bps)
        self._ecn = bool(values.ecn)
        if values.aqm != "codel":
            self._codel = None
            return
        target, interval = values.codel_target_ns or TARGET_NS, values.codel_interval_ns or INTERVAL_NS
        if self._codel is None:
            self._codel = Codel(target, interval)
        self._codel.target, self._codel.interval = target, interval

    def admit(self, packet: Packet) -> bool:
        """Queue a packet, or drop it if the queue is full.

        An empty queue takes a packet of any size: with a lower limit nothing could ever pass.
        """
        line = self.line
        if not line:
            if self._codel is not None:
                self._codel.rest()
        elif len(line) >= self._most_packets or self._bytes + packet.size > self._most_bytes:
            self._drop(packet, "queue")
            return False
        line.append(packet)
        self._bytes += packet.size
        return True

    def take_over(self, packet: Packet) -> None:
        """Queue a packet that another queue has already admitted."""
        self.line.append(packet)
        self._bytes += packet.size

    def head(self, now: int) -> Packet | None:
        """The packet whose first bit leaves at `now`, after CoDel's drops; it stays in the queue."""
        line, codel = self.line, self._codel
        while line:
            packet = line[0]
            if codel is None or not codel.strikes(now - packet.time, self._bytes - packet.size, now):
                return packet
            # A mark signals congestion as a drop does, so CoDel's schedule stays the same; without ECN only a drop can.
            mark = marked(packet.buffer) if self._ecn else None
            if mark is not None:
                packet.buffer = mark
                return packet
            self._drop(self.leave(), "codel")
        return None

    def leave(self) -> Packet:
        """Remove and return the head."""
        packet = self.line.popleft()
        self._bytes -= packet.size
        return packet

    def remove(self, leaves: Callable[[Packet], bool]) -> list[Packet]:
        """Remove and return the packets for which `leaves` is true."""
        removed = [packet for packet in self.line if leaves(packet)]
        if removed:
            gone = set(removed)
            self.line = deque(packet for packet in self.line if packet not in gone)
            self._bytes -= sum(packet.size for packet in removed)
        return removed

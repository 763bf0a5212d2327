"""DropTail: a queue in order of arrival that drops what finds it full."""

from __future__ import annotations

from collections import deque
from collections.abc import Set

from ..packets.packet import Packet
from .element import ElementContext
from .queue import Queue


class DropTail(Queue):
    """First in, first out; the packet in service is the first of the line."""

    line: deque[Packet]

    def __init__(self, context: ElementContext) -> None:
        super().__init__(context)
        self.line = deque()

    def admit(self, packet: Packet) -> bool:
        line = self.line
        if line and (len(line) >= self._most_packets or self._bytes + packet.size > self._most_bytes):
            self._drop(packet, "queue")
            return False
        line.append(packet)
        self._bytes += packet.size
        return True

    def take_over(self, packet: Packet) -> None:
        self.line.append(packet)
        self._bytes += packet.size

    def head(self, now: int) -> Packet | None:
        self.serving = self.line[0] if self.line else None
        return self.serving

    def leave(self) -> Packet:
        packet = self.line.popleft()
        self._bytes -= packet.size
        self.serving = None
        return packet

    def discard(self, gone: Set[Packet]) -> None:
        self.line = deque(packet for packet in self.line if packet not in gone)

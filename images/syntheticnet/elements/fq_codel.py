"""FqCodelQueue: a queue for each flow, served in turns, with CoDel on each (FQ-CoDel, RFC 8290).

A flow that sends little comes first: its queue was empty, and is served before those that have had their turn.
"""

from __future__ import annotations

from _blake2 import blake2b  # as in hashlib, which would load all of OpenSSL into every client
from collections import deque
from collections.abc import Set
from itertools import chain
from operator import attrgetter

from ..conditions import LinkConditions
from ..conditions.depth import FULL_SIZE
from ..packets.headers import parse
from ..packets.packet import Conversation, Packet
from .codel import Codel
from .element import ElementContext
from .queue import Queue

QUANTUM_BYTES = FULL_SIZE
FLOWS = 1024
MOST_KNOWN = 4096
"""Conversations whose queue is remembered; that of others is computed again."""

_bytes = attrgetter("bytes")


class FlowQueue:
    """The packets of one flow, or of several with the same hash, without the one in service."""

    __slots__ = ("bytes", "codel", "deficit", "listed", "packets")

    def __init__(self, values: LinkConditions) -> None:
        self.packets: deque[Packet] = deque()
        self.bytes = 0
        self.codel = Codel()
        self.codel.set(values)
        self.deficit = 0
        self.listed = False

    def take(self) -> Packet:
        packet = self.packets.popleft()
        self.bytes -= packet.size
        return packet


class FqCodelQueue(Queue):
    """Deficit round robin over the queues of flows, those in `_new` first (RFC 8290, section 4).

    A flow is the protocol, addresses and ports of its packets. A seed of the element's own decides which flows share a
    queue. When all queues together are full, the longest loses its oldest packet, whoever's packet came last.
    """

    line: dict[Packet, None]

    def __init__(self, context: ElementContext) -> None:
        super().__init__(context)
        self.line = {}
        self._values = LinkConditions()
        self._flows, self._quantum = FLOWS, QUANTUM_BYTES
        self._sort()

    def set(self, values: LinkConditions, rate_bps: float) -> None:
        super().set(values, rate_bps)
        self._values, self._quantum = values, values.fq_quantum_bytes or QUANTUM_BYTES
        for queue in self._queues.values():
            queue.codel.set(values)
        flows, self._flows = self._flows, values.fq_flows or FLOWS
        if self._flows != flows:
            self._sort()

    def restart(self) -> None:
        self._sort()

    def admit(self, packet: Packet) -> bool:
        line = self.line
        self.take_over(packet)
        while len(line) > 1 and (len(line) > self._most_packets or self._bytes > self._most_bytes):
            self._lose(max(chain(self._new, self._old), key=_bytes).take(), "queue")
        return packet in line

    def take_over(self, packet: Packet) -> None:
        self.line[packet] = None
        self._bytes += packet.size
        if packet is not self.serving:
            self._file(packet)

    def head(self, now: int) -> Packet | None:
        while queues := self._new or self._old:
            queue = queues[0]
            if queue.deficit <= 0:
                queue.deficit += self._quantum
                queues.popleft()
                self._old.append(queue)
            elif packet := self._survivor(queue, now):
                queue.deficit -= packet.size
                self.serving = packet
                return packet
            else:
                self._retire(queues)
        return None

    def leave(self) -> Packet:
        packet = self.serving
        assert packet is not None
        self.serving = None
        del self.line[packet]
        self._bytes -= packet.size
        if not self.line:
            self._rest()
        return packet

    def discard(self, gone: Set[Packet]) -> None:
        for packet in gone:
            del self.line[packet]
        for queue in chain(self._new, self._old):
            queue.packets = deque(packet for packet in queue.packets if packet not in gone)
            queue.bytes = sum([packet.size for packet in queue.packets])
        if not self.line:
            self._rest()

    def _file(self, packet: Packet) -> None:
        """Put a packet into its flow's queue; one that was empty has its turn before the others."""
        queue = self._known.get(packet.conversation) or self._find(packet)
        queue.packets.append(packet)
        queue.bytes += packet.size
        if not queue.listed:
            queue.listed, queue.deficit = True, self._quantum
            self._new.append(queue)

    def _find(self, packet: Packet) -> FlowQueue:
        number = self._hash(packet.buffer) % self._flows
        queue = self._queues.get(number)
        if queue is None:
            queue = self._queues[number] = FlowQueue(self._values)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[packet.conversation] = queue
        return queue

    def _hash(self, buffer: bytes) -> int:
        header = parse(buffer)
        flow = header and (header.protocol, header.source, header.destination, *header[3:5])
        return int.from_bytes(blake2b(repr(flow).encode(), digest_size=8, key=self._seed).digest())

    def _survivor(self, queue: FlowQueue, now: int) -> Packet | None:
        """The first packet of a queue that CoDel lets pass; drops those before it."""
        strikes = queue.codel.strikes
        while queue.packets:
            packet = queue.take()
            if not strikes(now - packet.time, queue.bytes, now) or self.marks(packet):
                return packet
            self._lose(packet, "codel")
        queue.codel.rest()
        return None

    def _lose(self, packet: Packet, cause: str) -> None:
        del self.line[packet]
        self._bytes -= packet.size
        self._drop(packet, cause)

    def _retire(self, queues: deque[FlowQueue]) -> None:
        """Take the first queue, which is empty, off its list.

        A new one waits behind the old ones first: otherwise a flow could have every turn by sending one packet each.
        """
        queue = queues.popleft()
        if queues is self._new:
            self._old.append(queue)
        else:
            queue.listed = False

    def _rest(self) -> None:
        """Nothing waits: each flow is new again."""
        for queue in chain(self._new, self._old):
            queue.listed = False
            queue.codel.rest()
        self._new.clear()
        self._old.clear()

    def _sort(self) -> None:
        """Draw a seed and file all packets by it, in order of arrival, so that none overtakes its own flow."""
        self._seed = repr(self._rng.random()).encode()
        self._new: deque[FlowQueue] = deque()
        self._old: deque[FlowQueue] = deque()
        self._queues: dict[int, FlowQueue] = {}
        self._known: dict[Conversation, FlowQueue] = {}
        for packet in self.line:
            if packet is not self.serving:
                self._file(packet)

"""A frame on its way through a link, its conversation, and the layout of its buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from .counters import FlowCounters


# A packet's buffer is a virtio_net_hdr (linux/virtio_net.h) followed by the Ethernet frame.
VNET = 10
ETHERTYPE = VNET + 12
IP = VNET + 14


Treatment = Literal["link", "bypassed", "control", "closed"]
"""Through the elements; past them (`bypassed`: ARP and neighbour discovery, `control`: the host); or dropped."""


class Remote(NamedTuple):
    """The remote end of a conversation; the port is None if its packets show none."""

    address: bytes
    protocol: int
    port: int | None


class Conversation:
    """One conversation in one direction: how its packets are treated, and how many were sent.

    `remote` is known if its packets pass the link.
    """

    __slots__ = ("bytes", "flow", "id", "packets", "remote", "treatment")

    def __init__(self, treatment: Treatment, flow: str, id: int = 0, remote: Remote | None = None) -> None:
        self.treatment = treatment
        self.flow = flow
        self.id = id
        self.remote = remote
        self.packets = 0
        self.bytes = 0


class Packet:
    """One frame in a link.

    `time` is its logical time (ns of the monotonic clock): its arrival, then the time each element released it.
    `entered` is its arrival as stamped by the kernel. `size` is the frame length in bytes, as tc counts. `flow` names
    its flow, as long as that exists. `buffer` starts with a virtio_net_hdr and is immutable: an element that alters a
    packet replaces it. `originated` marks an element's answer. `counters` holds its counters once it is in a link.
    `waited` is how long it waited in a bottleneck's queue (ns), None if it has passed none.
    """

    __slots__ = ("buffer", "conversation", "counters", "entered", "flow", "originated", "size", "time", "waited")

    counters: FlowCounters

    def __init__(self, buffer: bytes, time: int, conversation: Conversation, originated: bool = False) -> None:
        self.buffer = buffer
        self.entered = time
        self.flow = conversation.flow
        self.originated = originated
        self.size = len(buffer) - VNET
        self.conversation = conversation
        self.time = time
        self.waited: int | None = None

    def copy(self) -> Packet:
        """The same frame again, at the same time."""
        twin = Packet(self.buffer, self.time, self.conversation, self.originated)
        twin.entered = self.entered
        twin.counters = self.counters
        twin.waited = self.waited
        return twin

    def answer(self, buffer: bytes) -> Packet:
        """A packet that an element sends back to the sender of this one."""
        return Packet(buffer, self.time, self.conversation, originated=True)

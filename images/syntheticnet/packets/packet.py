"""A frame on its way through a link, its conversation, and the layout of its buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .counters import FlowCounters


# A packet's buffer is a virtio_net_hdr (linux/virtio_net.h) followed by the Ethernet frame.
VNET = 10
ETHERTYPE = VNET + 12
IP = VNET + 14


Treatment = Literal["link", "bypassed", "control", "closed"]
"""Through the elements; past them (`exempt`: ARP and neighbour discovery, `control`: the host); or dropped."""


class Conversation:
    """One conversation in one direction: how its packets are treated, and how many were sent."""

    __slots__ = ("bytes", "flow", "id", "lane", "packets")

    def __init__(self, lane: Treatment, flow: str, id: int = 0) -> None:
        self.lane = lane
        self.flow = flow
        self.id = id
        self.packets = 0
        self.bytes = 0


class Packet:
    """One frame in a link.

    `time` is its logical time (ns of the monotonic clock): its arrival, then the time each element released it.
    `entered` is its arrival as stamped by the kernel. `size` is the frame length in bytes, as tc counts. `flow` names
    its flow, as long as that exists. `buffer` starts with a virtio_net_hdr and is immutable: an element that alters a
    packet replaces it. `originated` marks an element's answer. `tally` holds its counters once it is in a link.
    """

    __slots__ = ("buffer", "entered", "flow", "originated", "size", "talk", "tally", "time")

    tally: FlowCounters

    def __init__(self, buffer: bytes, time: int, talk: Conversation, originated: bool = False) -> None:
        self.buffer = buffer
        self.entered = time
        self.flow = talk.flow
        self.originated = originated
        self.size = len(buffer) - VNET
        self.talk = talk
        self.time = time

    def copy(self) -> Packet:
        """The same frame again, at the same time."""
        twin = Packet(self.buffer, self.time, self.talk, self.originated)
        twin.entered = self.entered
        twin.tally = self.tally
        return twin

    def answer(self, buffer: bytes) -> Packet:
        """A packet that an element sends back to the sender of this one."""
        return Packet(buffer, self.time, self.talk, originated=True)

"""What travels through links: one frame with its times, and the layout of its buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .counters import FlowCounters


# A packet's buffer is a virtio_net_hdr (linux/virtio_net.h) followed by the Ethernet frame.
VNET = 10
ETHERTYPE = VNET + 12
IP = VNET + 14


Treatment = Literal["link", "bypassed", "control", "closed"]
"""Through the link's elements; past them (ARP and neighbour discovery, or the host's control traffic); or refused."""


class Conversation:
    """One conversation as one direction sees it: how its packets are treated, and how many went through."""

    __slots__ = ("bytes", "flow", "id", "lane", "packets")

    def __init__(self, lane: Treatment, flow: str, id: int = 0) -> None:
        self.lane = lane
        self.flow = flow
        self.id = id
        self.packets = 0
        self.bytes = 0


class Packet:
    """One frame on its way.

    `time` is its logical time (ns of the monotonic clock): when it entered, then when each element let it go.
    `entered` is the kernel's stamp of its arrival. `size` counts the bytes of the frame as tc does. `flow` is the name
    of the flow it belongs to, as long as that exists. `buffer` starts with a virtio_net_hdr, and is never changed: an
    element that alters a packet gives it a new one. `originated` tells an element's answer from what an end sent.
    `tally` is where it is counted, once a link has it.
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
        """A packet that an element sends back to where this one came from."""
        return Packet(buffer, self.time, self.talk, originated=True)

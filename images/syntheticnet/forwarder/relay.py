"""The way past a perfect link: frames are sent from the memory they were received in, super-frames whole."""

from __future__ import annotations

from collections.abc import Callable

from ..packets.counters import BUCKET_NS
from ..packets.headers import TCP
from ..packets.lateness import Lateness
from ..packets.packet import ETHERTYPE, IP, VNET, Conversation
from .link import STALLED_NS, Link
from .port import SLOT, Port
from .traffic import Departure, LiveTraffic

# The classifier gets only this much of a longer super-frame, if that has no extension headers.
HEAD = 2048
_IPV4 = b"\x08\x00\x45"

Uncounted = tuple[Conversation, int, int]
"""A frame that was sent and is not counted yet: its conversation, size (bytes) and delay (ns)."""


class FrameRelay:
    """Sends what has been received at one port through another one.

    The single frame of a path with little traffic is counted later, many at once: it wakes a process whose code has
    left the CPU's caches, so each line that runs for it costs many times what it costs in a batch.
    """

    def __init__(
        self,
        source: Port,
        target: Port,
        conversation_of: Callable[[bytes], Conversation],
        link: Link,
        lateness: Lateness,
        traffic: LiveTraffic,
    ) -> None:
        self._source = source
        self._target = target
        self._conversation_of = conversation_of
        self._link = link
        self._lateness = lateness
        self._traffic = traffic
        self._uncounted: list[Uncounted] = []
        self._uncounted_end = 0
        self.bypassed = 0
        """Frames sent that do not belong to the link's traffic."""

    def send(self, count: int, now: int, skew: int) -> bool:
        """Send the `count` frames received; returns whether they were sent. A stamp - `skew` is on the clock of `now`.

        Sends nothing if a frame must be dropped: closed, stalled or longer than a slot.
        """
        if count == 1 and not self._traffic.watched and self._send_one(now, skew):
            return True
        inbox = self._source.inbox
        slots, stamps = inbox.slots(count), inbox.stamps(count)
        if now + skew - stamps[0] > STALLED_NS or inbox.is_cut_off(count):
            return False
        view, conversation_of = inbox.memory.view, self._conversation_of
        conversations = [conversation_of(_head(view, slot * SLOT, length)) for slot, length in slots]
        if "closed" in {conversation.treatment for conversation in conversations}:
            return False
        refused = self._target.relay(slots)
        self._count(conversations, slots, stamps, refused, now, skew)
        return True

    def count(self) -> None:
        """Count what was sent and is not counted yet; all of it left in one bucket of the counters."""
        if not self._uncounted:
            return
        by_flow: dict[str, list[Uncounted]] = {}
        for one in self._uncounted:
            conversation, size, _ = one
            conversation.packets += 1
            conversation.bytes += size
            by_flow.setdefault(conversation.flow, []).append(one)
        within = self._uncounted_end - 1
        for flow, share in by_flow.items():
            delays = [late for _, _, late in share]
            self._link.relayed(flow, len(share), sum([size for _, size, _ in share]), delays, within)
        for _, _, late in self._uncounted:
            self._lateness.note(late, within)
        self._uncounted.clear()

    def _send_one(self, now: int, skew: int) -> bool:
        inbox = self._source.inbox
        length, stamp = inbox.first()
        late = now + skew - stamp
        if late > STALLED_NS or length > HEAD:
            return False
        frame = bytes(inbox.memory.view[:length])
        conversation = self._conversation_of(frame)
        if conversation.treatment != "link" or not self._target.send(frame):
            return False
        if now >= self._uncounted_end:
            self.count()
            self._uncounted_end = now - now % BUCKET_NS + BUCKET_NS
        self._uncounted.append((conversation, length - VNET, late))
        return True

    def _count(
        self,
        conversations: list[Conversation],
        slots: list[tuple[int, int]],
        stamps: list[int],
        refused: list[int],
        now: int,
        skew: int,
    ) -> None:
        sizes: dict[str, int] = {}
        delays: dict[str, list[int]] = {}
        clock = now + skew
        self._lateness.note(clock - stamps[0], now)
        for index, conversation in enumerate(conversations):
            size, flow = slots[index][1] - VNET, conversation.flow
            if conversation.treatment != "link":
                self.bypassed += index not in refused
            elif index in refused:
                self._link.refused("send", 1, size, now)
            else:
                conversation.packets += 1
                conversation.bytes += size
                if flow in sizes:
                    sizes[flow] += size
                    delays[flow].append(clock - stamps[index])
                else:
                    sizes[flow] = size
                    delays[flow] = [clock - stamps[index]]
        for flow, size in sizes.items():
            self._link.relayed(flow, len(delays[flow]), size, delays[flow], now)
        if self._traffic.watched:
            self._note(conversations, slots, stamps, refused, now, skew)

    def _note(
        self,
        conversations: list[Conversation],
        slots: list[tuple[int, int]],
        stamps: list[int],
        refused: list[int],
        now: int,
        skew: int,
    ) -> None:
        """Count live traffic; the frames are still in the receive buffer."""
        view = self._source.inbox.memory.view
        departures: list[Departure] = []
        for index, (conversation, (slot, length)) in enumerate(zip(conversations, slots, strict=True)):
            head, size = _head(view, slot * SLOT, length), length - VNET
            if index in refused:
                self._traffic.dropped(conversation, conversation.flow, head, size, "send", now)
            else:
                departures.append((conversation, conversation.flow, head, size, now + skew - stamps[index]))
        self._traffic.left(departures, now)


def _head(view: memoryview, start: int, length: int) -> bytes:
    """The part of a frame the classifier needs: all of it, unless it is long and without options or extensions."""
    if length > HEAD and (view[start + ETHERTYPE : start + IP + 1] == _IPV4 or view[start + IP + 6] == TCP):
        length = HEAD
    return bytes(view[start : start + length])

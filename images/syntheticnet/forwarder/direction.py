"""One direction of a client's network: frames from one port pass a link and leave through the other port."""

from __future__ import annotations

import time
from operator import attrgetter
from struct import error as StructError
from typing import Any, NamedTuple

from ..conditions.files import Files
from ..packets.counters import FlowCounters
from ..packets.lateness import Lateness
from ..packets.packet import VNET, Conversation, Packet
from ..packets.segmentation import Malformed, cut
from ..packets.top_talkers import Top
from .classifier import Classifier, ControlAccess, Direction, FlowTable
from .in_force import InForce, Sowing
from .link import STALLED_NS, Link, LinkPlan
from .port import Frame, Port
from .relay import FrameRelay
from .traffic import LiveTraffic

_buffer = attrgetter("buffer")


class PipelinePlan(NamedTuple):
    """The prepared next state of a pipeline."""

    table: FlowTable
    link: LinkPlan
    sowing: Sowing


class Pipeline:
    """Receives, classifies and sends the frames of one direction."""

    def __init__(self, direction: Direction, source: Port, target: Port, control: ControlAccess, files: Files) -> None:
        self._direction = direction
        self.source = source
        self._target = target
        self._top = Top()
        self._classifier = Classifier(FlowTable(direction), control, self._top.retire)
        self._last = 0
        self._bypassed = 0
        self._sowing: Sowing | None = None
        self.traffic = LiveTraffic(self._classifier.media)
        self.link = Link(direction, 0, files, self.traffic)
        self.lateness = Lateness()
        self._relay = FrameRelay(source, target, self._classifier.conversation, self.link, self.lateness, self.traffic)
        self.answers: list[Packet] = []

    def plan(self, requested: InForce) -> PipelinePlan:
        """Prepare a new state; changes nothing, so another thread may call it."""
        conditions, names, sowing = requested
        table = FlowTable(self._direction, conditions.flows, names)
        flows = {flow.name: getattr(flow, self._direction).effective() for flow in conditions.flows}
        seed = (conditions.seed or 0) if sowing != self._sowing else None
        return PipelinePlan(
            table, self.link.plan(getattr(conditions, self._direction).effective(), flows, seed), sowing
        )

    def adopt(self, plan: PipelinePlan, now: int) -> list[Any]:
        """Apply a plan at once; returns the old data for the caller to free."""
        # Packets already read, which the loop does before any change, enter the elements first: from there they can
        # migrate with their flow.
        self.release(now)
        self._relay.count()
        before = self._classifier.adopt(plan.table)
        before += self.link.adopt(plan.link, now, self._classifier.flow_of)
        self._sowing = plan.sowing
        # Packets released by the change leave before any newcomer is read, which could have an older stamp.
        self.release(now)
        return before

    def configure(self, requested: InForce, now: int) -> None:
        """Plan and apply in one step."""
        self.adopt(self.plan(requested), now)

    def let_in(self, control: ControlAccess) -> None:
        """Replace the access rules of the control ports."""
        self._classifier.admit(control)

    def carry(self) -> int:
        """Read up to one batch and pass it to the link; returns the number of frames."""
        count = self.source.receive()
        if count:
            if self._top.crowded:
                self._top.tidy()
            now = time.monotonic_ns()
            skew = time.clock_gettime_ns(time.CLOCK_REALTIME) - now  # stamps are wall clock, `now` is monotonic
            # Without conditions no frame is copied: it is sent from the memory it was received in, super-frames whole.
            if not (self.link.perfect and self._relay.send(count, now, skew)):
                self.admit(self.source.take(count), now, skew)
        return count

    def admit(self, frames: list[Frame], now: int, skew: int) -> None:
        """Pass frames to the link; stamp - `skew` is on the clock of `now`."""
        packets: list[Packet] = []
        bypassed: list[bytes] = []
        conversation_of, uncut = self._classifier.conversation, self.link.perfect
        # The loop may read frames up to `slack` late on purpose; only those later still waited for a stalled process.
        last, oldest = self._last, now - self.link.slack - STALLED_NS
        for buffer, stamp in frames:
            conversation = conversation_of(buffer)
            came = stamp - skew
            if came < oldest and conversation.treatment != "control":  # the link would drop it as stalled anyway
                self._refuse("stalled", buffer, now, conversation)
            elif conversation.treatment == "link":
                # Stamps can be out of order or ahead of `now`; elements need sorted times that are not in the future.
                if came > last:
                    last = came if came < now else now
                if buffer[1] and not uncut:
                    packets += [Packet(part, last, conversation) for part in self._cut(buffer, now, conversation)]
                else:
                    packets.append(Packet(buffer, last, conversation))
            elif conversation.treatment == "closed":
                self._refuse("closed", buffer, now, conversation)
            else:
                bypassed.append(buffer)
        self._last = last
        if packets:
            self.link.push(packets, now)
        if bypassed:
            self._bypassed += len(bypassed) - len(self._target.write(bypassed))

    def admit_answers(self, packets: list[Packet], now: int) -> None:
        """Take answers from the opposite link's elements."""
        for packet in packets:
            # Elements need sorted times: an answer enters behind what has been read in this direction.
            packet.time = packet.entered = max(self._last, packet.time)
            packet.conversation = self._classifier.conversation(packet.buffer)
            packet.flow = packet.conversation.flow
        packets.sort(key=attrgetter("time"))
        self.link.push(packets, now)

    def release(self, now: int) -> int:
        """Send all due packets and return their number; the elements' answers are added to `answers`."""
        packets, answers = self.link.pop(now)
        if answers:
            self.answers += answers
        if packets:
            self.lateness.note(now - packets[0].time, now)
            refused = self._target.write(list(map(_buffer, packets)))
            for index in reversed(refused):  # from the end, so that the remaining indices stay valid
                self.link.drop(packets.pop(index), "send")
            self.link.sent(packets, now)
            for packet in packets:
                conversation = packet.conversation
                conversation.packets += 1
                conversation.bytes += packet.size
            if self.traffic.watched:
                self.traffic.left(
                    [(each.conversation, each.flow, each.buffer, each.size, now - each.entered) for each in packets],
                    now,
                )
        return len(packets)

    def count(self) -> None:
        """Count what was sent and is not counted yet; call it before `report` and `top`."""
        self._relay.count()

    def top(self) -> list[tuple[int, int, int]]:
        """Packets, bits and id of the busiest peers."""
        return self._top.rows(self._classifier.conversations())

    def report(self, now: int, total: FlowCounters | None = None) -> dict[str, Any]:
        """Counters of the link, of packets that bypassed it, and of evictions."""
        forgotten = {"conversations": self._classifier.evictions, "fragments": self._classifier.fragment_evictions}
        return (total or self.link.total).report(now) | {
            "bypassed": self._bypassed + self._relay.bypassed,
            "forgotten": forgotten,
        }

    def note_refusals(self, now: int) -> None:
        """Count what the kernel dropped or could not deliver since the last call; call it before `report`."""
        self.count()
        source = self.source
        causes = (("kernel", source.kernel_drops()), ("oversized", source.oversized), ("unreadable", source.unreadable))
        source.oversized = source.unreadable = 0
        for cause, count in causes:
            if count:
                self.link.refused(cause, count, 0, now)

    def _cut(self, buffer: bytes, now: int, conversation: Conversation) -> list[bytes]:
        try:
            return cut(buffer)
        except (Malformed, StructError):
            self._refuse("malformed", buffer, now, conversation)
            return []

    def _refuse(self, cause: str, buffer: bytes, now: int, conversation: Conversation) -> None:
        """Count a packet that is dropped before it enters the link."""
        size = len(buffer) - VNET
        self.link.refused(cause, 1, size, now, conversation.flow)
        if self.traffic.watched:
            self.traffic.dropped(conversation, conversation.flow, buffer, size, cause, now)

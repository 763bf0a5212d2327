"""One direction of one client's network: a chain of elements, and its counters."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from random import Random
from typing import Any, NamedTuple

from ..conditions import LinkConditions
from ..conditions.files import Files
from ..elements import ANSWERING, ELEMENTS, QUEUEING, Element, ElementContext, Instant, Popped
from ..packets.counters import FlowCounters
from ..packets.packet import Packet
from .per_flow import DEFAULT, FlowOf, Own, PerFlowElement, PerFlowPlan
from .traffic import LiveTraffic

# A packet this overdue was held by a stopped or starved process, not by the configured conditions.
STALLED_NS = 100_000_000
# Memory limit for the packets held in one link: their frames plus Python's overhead per packet.
MOST_HELD_BYTES = 64 << 20
PACKET_COST = 400
FOLDED = 32
"""Counters folded per turn: takes a fraction of a millisecond."""

StreamKey = tuple[type[Element], str]
"""The class of an element, and its flow."""

_flow = attrgetter("flow")


class Stage(NamedTuple):
    """What packets pass in a link; `process` if that is all it takes, because it holds nothing and answers nothing."""

    element: Element | PerFlowElement
    later: int
    """How long the stages behind it hold any packet (ns)."""
    process: Callable[[list[Packet]], list[Packet]] | None


class SeededStream:
    """The random numbers of one element; restarting replaces the function `random`."""

    __slots__ = ("random",)

    def __init__(self, source: str) -> None:
        self.random = Random(source).random


class Moment:
    """When a plan was applied; 0 until then."""

    __slots__ = ("ns",)

    def __init__(self) -> None:
        self.ns = 0

    def read(self) -> int:
        return self.ns


@dataclass(slots=True)
class LinkPlan:
    """The prepared next state of a link: slow to build, fast to apply."""

    values: LinkConditions
    flows: Mapping[str, Own]
    stages: list[PerFlowPlan]
    streams: dict[StreamKey, SeededStream]
    flow_counters: dict[str, FlowCounters]
    leaving: list[FlowCounters]
    began: Moment
    anew: list[tuple[Element, SeededStream, Callable[[], float]]]
    """Elements that stay but restart their draws, their streams, and the new `random` functions."""
    seed: int


class Link:
    """Pushed and popped like an element. Without conditions it has no stages, and packets pass through at once."""

    def __init__(
        self, direction: str, seed: int, files: Files | None = None, traffic: LiveTraffic | None = None
    ) -> None:
        self._direction = direction
        self._seed = seed
        self._files = files or Files()
        self._traffic = traffic or LiveTraffic()
        self._streams: dict[StreamKey, SeededStream] = {}
        self._values = LinkConditions()
        self._flows: Mapping[str, Own] = {}
        self._stages = [PerFlowElement(make) for make in ELEMENTS]
        self._slacks: list[int] = [0] * len(self._stages)
        self._active: list[Stage] = []
        self._queueing = False
        self._unsettled = 0
        self._passing: list[Packet] = []
        self._now = 0
        self._room = MOST_HELD_BYTES
        self._past = FlowCounters()  # the sum of removed flows
        self._leaving: deque[FlowCounters] = deque()  # of removed flows whose packets the link may still hold
        self.flow_counters: dict[str, FlowCounters] = {DEFAULT: FlowCounters()}
        self.due: int | None = None
        """When to call `pop` next; None if nothing is held. A packet may leave a stage late that waits in the next."""
        self.slack = 0
        """Minimum time (ns) any packet is held, so a packet may be pushed that much after its arrival."""

    @property
    def perfect(self) -> bool:
        """Whether it has no elements and holds nothing, so that super-frames may pass uncut."""
        return not (self._active or self._passing)

    def push(self, packets: list[Packet], now: int) -> None:
        """Take packets sorted by `time`, none later than `now`."""
        self._now = now
        for counters, share in self._by_flow(packets):
            size = 0
            for packet in share:
                packet.counters = counters
                size += packet.size
            # Counted before the memory limit is applied: a packet that does not fit has arrived all the same, and
            # arrivals must balance drops.
            self._room -= size + PACKET_COST * len(share)
            if share[0].originated:
                counters.originated += len(share)
            else:
                counters.came(len(share), size, now)
        self._passing += packets if self._room >= 0 else self._bounded(packets)
        if not self.slack:
            self.due = now  # pop in the same turn: only the elements know whether a packet may leave at once
        elif self.due is None or packets[0].time + self.slack < self.due:
            self.due = packets[0].time + self.slack

    def pop(self, now: int) -> Popped:
        """Packets due by `now`, in order; then the elements' own answers."""
        self._now = now
        forward, self._passing = self._passing, []
        backward: list[Packet] = []
        soonest: int | None = None
        for element, later, process in self._active:
            if process is not None:
                if forward:
                    forward = process(forward)
                continue
            if forward:
                element.push(forward)
            forward, back = element.pop(now)
            if back:
                backward += back
            due = element.deadline()
            if due is not None and (soonest is None or due + later < soonest):
                soonest = due + later
        self.due = soonest
        if self._unsettled:
            self._settle()
        if forward and forward[0].time < now - STALLED_NS:
            forward = self._punctual(forward, now)
        return forward, backward

    def plan(self, values: LinkConditions, flows: Mapping[str, LinkConditions], seed: int | None = None) -> LinkPlan:
        """Prepare a new state from the link's values and the flows' own; a seed restarts all draws.

        Changes nothing, so another thread may call it. Applying a plan invalidates all other plans.
        """
        owns = {name: (own, self._over(name, own, values)) for name, own in flows.items()}
        began, streams = Moment(), dict[StreamKey, SeededStream]()
        sown = self._seed if seed is None else seed
        plans = [
            stage.plan(values, owns, partial(self._build, stage.make, streams, sown, began)) for stage in self._stages
        ]
        anew = []
        for stage, plan in zip(self._stages, plans, strict=True):
            for name, element in plan.elements.items():
                key = stage.make, name
                if element is None or key in streams:
                    continue
                # An element that stays keeps its stream: changing one value must not shift the draws of other effects.
                stream = streams[key] = self._streams[key]
                if seed is not None:
                    anew.append((element, stream, SeededStream(self._source(sown, *key)).random))
        flow_counters = {name: self.flow_counters.get(name) or FlowCounters() for name in (DEFAULT, *flows)}
        leaving = [counters for name, counters in self.flow_counters.items() if name not in flow_counters]
        return LinkPlan(values, owns, plans, streams, flow_counters, leaving, began, anew, sown)

    def adopt(self, plan: LinkPlan, now: int, flow_of: FlowOf = _flow) -> list[Any]:
        """Apply a plan at once; no held packet is dropped. Returns the old data for the caller to free.

        `flow_of` maps a held packet to its new flow; by default it keeps its flow. Call `pop` before, as packets may be
        overdue in a stage whose next one holds them longer; and again before the next `push`: packets released by the
        change must leave before any newcomer, however old its stamp.
        """
        self._now = plan.began.ns = now
        before = [self._streams, self._flows, self.flow_counters]
        before += [stage.adopt(part, now, flow_of) for stage, part in zip(self._stages, plan.stages, strict=True)]
        self._values, self._flows, self._streams, self._seed = plan.values, plan.flows, plan.streams, plan.seed
        # Restart the streams last: migrated packets draw too, and the draws after a seed must not depend on what
        # the link happened to hold.
        for element, stream, random in plan.anew:
            stream.random = random
            element.restart()
        # Waiting packets of a removed flow still point at its counters; they join the sum once empty.
        self._leaving.extend(plan.leaving)
        self.flow_counters = plan.flow_counters
        self._slacks = [stage.slack() for stage in self._stages]
        self._unsettled = len(self._leaving) + 1
        self._settle()
        # Look once more after the next `pop`, with which the packets of removed elements leave.
        self._unsettled = len(self._leaving) + 1
        # An answer is sent when its packet is read, so that must not wait.
        answering = any(stage.make in ANSWERING for stage in self._stages if not stage.idle)
        self.slack = 0 if answering else sum(self._slacks)
        self.due = now
        return before

    def configure(
        self,
        values: LinkConditions,
        flows: Mapping[str, LinkConditions],
        now: int,
        flow_of: FlowOf = _flow,
        seed: int | None = None,
    ) -> None:
        """Plan and apply in one step."""
        self.adopt(self.plan(values, flows, seed), now, flow_of)

    def relayed(self, flow: str, packets: int, size: int, delays: list[int], now: int) -> None:
        """Count packets that bypassed a perfect link."""
        counters = self._counters(flow)
        counters.came(packets, size, now)
        counters.left(packets, size, delays, now)

    def refused(self, cause: str, packets: int, size: int, now: int, flow: str = DEFAULT) -> None:
        """Count packets that were dropped before entering the link."""
        counters = self._counters(flow)
        counters.came(packets, size, now)
        counters.lost(cause, packets, size, now)

    def sent(self, packets: list[Packet], now: int) -> None:
        """Count packets that were sent."""
        if len(packets) == 1:
            packet = packets[0]
            self._room += packet.size + PACKET_COST
            waits = None if packet.waited is None else [packet.waited]
            packet.counters.left(1, packet.size, [now - packet.entered], now, waits)
            return
        for counters, share in self._by_counters(packets):
            size = sum([packet.size for packet in share])
            self._room += size + PACKET_COST * len(share)
            counters.left(len(share), size, [now - packet.entered for packet in share], now, self._waits(share))

    def drop(self, packet: Packet, cause: str) -> None:
        """Discard a packet, counted under `cause`."""
        self._room += packet.size + PACKET_COST
        packet.counters.lost(cause, 1, packet.size, self._now)
        if self._traffic.watched:
            self._traffic.dropped(packet.conversation, packet.flow, packet.buffer, packet.size, cause, self._now)

    @property
    def bygone(self) -> list[FlowCounters]:
        """The counters of removed flows."""
        return [self._past, *self._leaving]

    @property
    def total(self) -> FlowCounters:
        """The sum of all flows, including removed ones."""
        return FlowCounters.total([*self.bygone, *self.flow_counters.values()])

    def __len__(self) -> int:
        return len(self._passing) + sum([len(stage.element) for stage in self._active])

    def _waits(self, packets: list[Packet]) -> list[int] | None:
        """How long each of those that passed a bottleneck waited in its queue; None without a bottleneck."""
        if not self._queueing:
            return None
        return [packet.waited for packet in packets if packet.waited is not None]

    def _settle(self) -> None:
        """Skip idle stages from now on, and fold the counters of removed flows, a few at a time.

        A removed element's packets leave with the first `pop` after the change, so its stage is idle only then.
        """
        self._active = [
            Stage(stage.direct, sum(self._slacks[number + 1 :]), _process(stage))
            for number, stage in enumerate(self._stages)
            if not stage.idle
        ]
        self._queueing = any(stage.make in QUEUEING for stage in self._stages if not stage.idle)
        looked_at = min(self._unsettled, FOLDED)
        self._unsettled -= looked_at
        for _ in range(min(looked_at, len(self._leaving))):
            counters = self._leaving.popleft()
            if counters.queued:
                self._leaving.append(counters)
            else:
                self._past.fold(counters)

    def _over(self, name: str, own: LinkConditions, values: LinkConditions) -> LinkConditions:
        """A flow's values over those of the link; the same object as before if neither changed."""
        before = self._flows.get(name)
        if before is not None and before[0] is own and values is self._values:
            return before[1]
        return own.over(values)

    def _build(
        self,
        make: type[Element],
        streams: dict[StreamKey, SeededStream],
        seed: int,
        began: Moment,
        flow: str,
        values: LinkConditions,
    ) -> Element:
        """Build an element with its own random stream, so that other elements' draws do not shift its sequence."""
        stream = streams[make, flow] = SeededStream(self._source(seed, make, flow))
        return make(values, ElementContext(stream, self.drop, self._duplicate, self._files, began.read))

    def _source(self, seed: int, make: type[Element], flow: str) -> str:
        """The seed of an element's random stream."""
        return f"{seed}/{self._direction}/{flow}/{make.__name__}"

    def _duplicate(self, packet: Packet) -> Packet:
        packet.counters.duplicated += 1
        self._room -= packet.size + PACKET_COST
        return packet.copy()

    def _counters(self, flow: str) -> FlowCounters:
        return self.flow_counters.get(flow) or self.flow_counters[DEFAULT]

    def _by_flow(self, packets: list[Packet]) -> Iterable[tuple[FlowCounters, list[Packet]]]:
        if len(packets) == 1 or len(self.flow_counters) == 1:
            return ((self._counters(packets[0].flow), packets),)
        flows = {packet.flow for packet in packets}
        if len(flows) == 1:
            return ((self._counters(packets[0].flow), packets),)
        shares: dict[str, list[Packet]] = {flow: [] for flow in flows}
        for packet in packets:
            shares[packet.flow].append(packet)
        return [(self._counters(flow), share) for flow, share in shares.items()]

    def _by_counters(self, packets: list[Packet]) -> Iterable[tuple[FlowCounters, list[Packet]]]:
        flow_counters = {packet.counters for packet in packets}
        if len(flow_counters) == 1:
            return ((flow_counters.pop(), packets),)
        shares: dict[FlowCounters, list[Packet]] = {counters: [] for counters in flow_counters}
        for packet in packets:
            shares[packet.counters].append(packet)
        return shares.items()

    def _bounded(self, packets: list[Packet]) -> list[Packet]:
        """The leading `packets` that fit into memory; drops the rest."""
        kept = list(packets)
        while kept and self._room < 0:
            self.drop(kept.pop(), "memory")
        return kept

    def _punctual(self, packets: list[Packet], now: int) -> list[Packet]:
        """The packets that are not overdue; drops the rest as stalled."""
        oldest = now - STALLED_NS
        for packet in packets:
            if packet.time < oldest:
                self.drop(packet, "stalled")
        return [packet for packet in packets if packet.time >= oldest]


def _process(stage: PerFlowElement) -> Callable[[list[Packet]], list[Packet]] | None:
    element = stage.direct
    return element.process if isinstance(element, Instant) and stage.make not in ANSWERING else None

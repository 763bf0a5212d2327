"""One direction of one client's network: the chain of elements that its packets pass, and the count of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from random import Random
from typing import Any

from ..conditions import LinkConditions
from ..conditions.files import Files
from ..elements import ELEMENTS, Element, ElementContext, Popped
from ..packets.counters import FlowCounters
from ..packets.packet import Packet
from .per_flow import DEFAULT, FlowOf, Own, PerFlowElement
from .per_flow import Plan as StagePlan

# What leaves this long after it was due was held by a stopped or starved process, not by the network asked for.
STALLED_NS = 100_000_000
# All that waits in one link may take so much memory: its frames, and what Python needs for each of them.
MOST_HELD_BYTES = 64 << 20
PACKET_COST = 400
FOLDED = 32
"""So many tallies are added up in a small part of a ms."""

Source = tuple[type[Element], str]
"""What kind of element of which flow."""

_flow = attrgetter("flow")


class Stream:
    """The random numbers of one element; `random` is another function once they have begun anew."""

    __slots__ = ("random",)

    def __init__(self, source: str) -> None:
        self.random = Random(source).random


class Moment:
    """When something was put in force; known from then on."""

    __slots__ = ("ns",)

    def __init__(self) -> None:
        self.ns = 0

    def read(self) -> int:
        return self.ns


@dataclass(slots=True)
class Plan:
    """What a link is to become: made beside it, however long that takes, and then put in force at once."""

    values: LinkConditions
    flows: Mapping[str, Own]
    stages: list[StagePlan]
    streams: dict[Source, Stream]
    tallies: dict[str, FlowCounters]
    leaving: list[FlowCounters]
    began: Moment
    anew: list[tuple[Element, Stream, Callable[[], float]]]
    """Elements that stay and are to begin their draws anew, their streams, and what these begin with."""
    seed: int


class Link:
    """Takes and lets go as an element does. With no conditions it has no stage, and packets pass as they come."""

    def __init__(self, direction: str, seed: int, files: Files | None = None) -> None:
        self._direction = direction
        self._seed = seed
        self._files = files or Files()
        self._streams: dict[Source, Stream] = {}
        self._values = LinkConditions()
        self._flows: Mapping[str, Own] = {}
        self._stages = [PerFlowElement(make) for make in ELEMENTS]
        self._active: list[PerFlowElement] = []
        self._unsettled = 0
        self._passing: list[Packet] = []
        self._now = 0
        self._room = MOST_HELD_BYTES
        self._past = FlowCounters()  # of flows that are no more
        self._leaving: deque[FlowCounters] = (
            deque()
        )  # of flows that are no more, while the link holds packets of theirs
        self.tallies: dict[str, FlowCounters] = {DEFAULT: FlowCounters()}
        self.due: int | None = None
        """When to call `pop` next; None while nothing is held."""
        self.slack = 0
        """Any packet is held at least so long (ns), and so may be pushed that much later than it came."""

    @property
    def perfect(self) -> bool:
        """Whether it has no element and holds nothing, so that super-frames may pass whole."""
        return not (self._active or self._passing)

    def push(self, packets: list[Packet], now: int) -> None:
        """Take packets, sorted by `time`, at most `now`."""
        self._now = now
        for tally, share in self._by_flow(packets):
            size = 0
            for packet in share:
                packet.tally = tally
                size += packet.size
            self._room -= size + PACKET_COST * len(share)
            if share[0].originated:
                tally.originated += len(share)
            else:
                tally.came(len(share), size, now)
        self._passing += packets if self._room >= 0 else self._bounded(packets)
        self.due = now

    def pop(self, now: int) -> Popped:
        """Packets that are due by `now`, in order; then what elements answered themselves."""
        self._now = now
        forward, self._passing = self._passing, []
        backward: list[Packet] = []
        for stage in self._active:
            if forward:
                stage.push(forward)
            forward, back = stage.pop(now)
            if back:
                backward += back
        if self._unsettled:
            self._settle()
        self.due = min([due for stage in self._active if (due := stage.deadline()) is not None], default=None)
        if forward:
            forward = self._punctual(forward, now)
        return forward, backward

    def plan(self, values: LinkConditions, flows: Mapping[str, LinkConditions], seed: int | None = None) -> Plan:
        """What it is to become with its values and those that flows name; with a seed all draws begin anew.

        Changes nothing, and may be made by another thread; only one at a time is of use.
        """
        owns = {name: (own, self._over(name, own, values)) for name, own in flows.items()}
        began, streams = Moment(), dict[Source, Stream]()
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
                stream = streams[key] = self._streams[key]
                if seed is not None:
                    anew.append((element, stream, Stream(self._source(sown, *key)).random))
        tallies = {name: self.tallies.get(name) or FlowCounters() for name in (DEFAULT, *flows)}
        leaving = [tally for name, tally in self.tallies.items() if name not in tallies]
        return Plan(values, owns, plans, streams, tallies, leaving, began, anew, sown)

    def adopt(self, plan: Plan, now: int, flow_of: FlowOf = _flow) -> list[Any]:
        """Put a plan in force at once; nothing that is held is lost. Returns what is of no use any more.

        `flow_of` tells the flow that a held packet belongs to from now on; by default the one that it belonged to.
        Call `pop` before the next `push`: what the change lets go leaves before any newcomer, however old its stamp.
        """
        self._now = plan.began.ns = now
        before = [self._streams, self._flows, self.tallies]
        before += [stage.adopt(part, now, flow_of) for stage, part in zip(self._stages, plan.stages, strict=True)]
        self._values, self._flows, self._streams, self._seed = plan.values, plan.flows, plan.streams, plan.seed
        for element, stream, random in plan.anew:
            stream.random = random
            element.restart()
        self._leaving.extend(plan.leaving)
        self.tallies = plan.tallies
        self._unsettled = len(self._leaving) + 1
        self._settle()
        self._unsettled = len(self._leaving) + 1
        self.slack = sum(stage.slack() for stage in self._stages)
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
        """Plan, and put it in force."""
        self.adopt(self.plan(values, flows, seed), now, flow_of)

    def relayed(self, flow: str, packets: int, size: int, delays: list[int], now: int) -> None:
        """Count packets that have passed beside a perfect link."""
        tally = self._tally(flow)
        tally.came(packets, size, now)
        tally.left(packets, size, delays, now)

    def refused(self, cause: str, packets: int, size: int, now: int, flow: str = DEFAULT) -> None:
        """Count packets that came, and were dropped before they could enter."""
        tally = self._tally(flow)
        tally.came(packets, size, now)
        tally.lost(cause, packets, size, now)

    def sent(self, packets: list[Packet], now: int) -> None:
        """Count packets that have left."""
        for tally, share in self._by_tally(packets):
            size = sum([packet.size for packet in share])
            self._room += size + PACKET_COST * len(share)
            tally.left(len(share), size, [now - packet.entered for packet in share], now)

    def drop(self, packet: Packet, cause: str) -> None:
        """The one sink of discarded packets."""
        self._room += packet.size + PACKET_COST
        packet.tally.lost(cause, 1, packet.size, self._now)

    @property
    def bygone(self) -> list[FlowCounters]:
        """The counts of flows that are no more."""
        return [self._past, *self._leaving]

    @property
    def total(self) -> FlowCounters:
        """The counts of all flows together, of those that are no more too."""
        return FlowCounters.total([*self.bygone, *self.tallies.values()])

    def __len__(self) -> int:
        return len(self._passing) + sum(map(len, self._active))

    def _settle(self) -> None:
        """Pass by the stages that have nothing to do; what a retired element held leaves with the first `pop`.

        Add the counts of flows that are no more to those of the past, a few at a time.
        """
        self._active = [stage for stage in self._stages if not stage.idle]
        looked_at = min(self._unsettled, FOLDED)
        self._unsettled -= looked_at
        for _ in range(min(looked_at, len(self._leaving))):
            tally = self._leaving.popleft()
            if tally.queued:
                self._leaving.append(tally)
            else:
                self._past.fold(tally)

    def _over(self, name: str, own: LinkConditions, values: LinkConditions) -> LinkConditions:
        """A flow's values over those of the link; the very object of before, where neither has changed."""
        before = self._flows.get(name)
        if before is not None and before[0] is own and values is self._values:
            return before[1]
        return own.over(values)

    def _build(
        self,
        make: type[Element],
        streams: dict[Source, Stream],
        seed: int,
        began: Moment,
        flow: str,
        values: LinkConditions,
    ) -> Element:
        """Each element has a random stream of its own, so that no other element's draws move it."""
        stream = streams[make, flow] = Stream(self._source(seed, make, flow))
        return make(values, ElementContext(stream, self.drop, self._duplicate, self._files, began.read))

    def _source(self, seed: int, make: type[Element], flow: str) -> str:
        """What the stream of an element is made of."""
        return f"{seed}/{self._direction}/{flow}/{make.__name__}"

    def _duplicate(self, packet: Packet) -> Packet:
        packet.tally.duplicated += 1
        self._room -= packet.size + PACKET_COST
        return packet.copy()

    def _tally(self, flow: str) -> FlowCounters:
        return self.tallies.get(flow) or self.tallies[DEFAULT]

    def _by_flow(self, packets: list[Packet]) -> Iterable[tuple[FlowCounters, list[Packet]]]:
        flows = {packet.flow for packet in packets} if len(self.tallies) > 1 else {DEFAULT}
        if len(flows) == 1:
            return [(self._tally(packets[0].flow), packets)]
        shares: dict[str, list[Packet]] = {flow: [] for flow in flows}
        for packet in packets:
            shares[packet.flow].append(packet)
        return [(self._tally(flow), share) for flow, share in shares.items()]

    def _by_tally(self, packets: list[Packet]) -> Iterable[tuple[FlowCounters, list[Packet]]]:
        tallies = {packet.tally for packet in packets}
        if len(tallies) == 1:
            return [(tallies.pop(), packets)]
        shares: dict[FlowCounters, list[Packet]] = {tally: [] for tally in tallies}
        for packet in packets:
            shares[packet.tally].append(packet)
        return shares.items()

    def _bounded(self, packets: list[Packet]) -> list[Packet]:
        """As many of `packets`, from the first on, as there is memory for."""
        kept = list(packets)
        while kept and self._room < 0:
            self.drop(kept.pop(), "memory")
        return kept

    def _punctual(self, packets: list[Packet], now: int) -> list[Packet]:
        """What is not overdue; the rest is dropped as stalled."""
        oldest = now - STALLED_NS
        if packets[0].time >= oldest:
            return packets
        for packet in packets:
            if packet.time < oldest:
                self.drop(packet, "stalled")
        return [packet for packet in packets if packet.time >= oldest]

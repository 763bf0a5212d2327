"""One stage of a link: the link's own element of one effect, and those of flows with their own values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from heapq import heappop, heappush
from operator import attrgetter
from typing import NamedTuple

from ..conditions import LinkConditions
from ..elements import Element, Popped
from ..packets.packet import Packet

# The key of the link's own element, among the names of flows.
DEFAULT = "default"

FlowOf = Callable[[Packet], str]
Build = Callable[[str, LinkConditions], Element]
"""Builds the element of a flow."""

Own = tuple[LinkConditions, LinkConditions]
"""A flow's own values, and the same over those of its link."""

_by_time = attrgetter("time")


class PerFlowPlan(NamedTuple):
    """The prepared next state of a stage: slow to build, fast to apply."""

    elements: dict[str, Element | None]
    values: dict[str, LinkConditions]
    changed: list[tuple[Element, LinkConditions]]
    """Elements that stay, with their new values."""


class PerFlowElement:
    """Passes each packet through its flow's element, or past if there is none, and merges the output by time."""

    def __init__(self, make: type[Element]) -> None:
        self.make = make
        self._elements: dict[str, Element | None] = {DEFAULT: None}
        self._values: dict[str, LinkConditions] = {}
        self._touched: dict[Element, None] = {}  # elements pushed to since the last `pop`
        self._due: dict[Element, int] = {}  # deadlines of the other elements that hold packets
        self._deadlines: list[tuple[int, int, Element]] = []  # a heap of the deadlines, some outdated
        self._number = 0
        self._passing: list[Packet] = []
        self._sole: Element | None = None

    @property
    def direct(self) -> Element | PerFlowElement:
        """What the link may push to and pop from instead, until the next change: the only element, if there is one."""
        return self if self._sole is None else self._sole

    def push(self, packets: list[Packet]) -> None:
        if self._sole is not None:
            self._sole.push(packets)
            return
        elements, default = self._elements, self._elements[DEFAULT]
        if len(elements) == 1:
            self._push_to(default, packets)
            return
        flows = dict.fromkeys([packet.flow for packet in packets])  # a set's order would differ between runs
        if len(flows) == 1:
            self._push_to(elements.get(packets[0].flow, default), packets)
            return
        home = {flow: elements.get(flow, default) for flow in flows}
        shares: dict[Element | None, list[Packet]] = {element: [] for element in home.values()}
        for packet in packets:
            shares[home[packet.flow]].append(packet)
        for element, share in shares.items():
            self._push_to(element, share)

    def pop(self, now: int) -> Popped:
        if self._sole is not None:
            return self._sole.pop(now)
        forward, self._passing = self._passing, []
        active, self._touched = self._touched, {}
        deadlines, dues = self._deadlines, self._due
        while deadlines and deadlines[0][0] <= now:
            due, _, element = heappop(deadlines)
            if dues.get(element) == due:
                active[element] = None
        if not active:
            self._simplify()
            return forward, []
        backward: list[Packet] = []
        waited: list[Packet] = []
        sources = 1 if forward else 0
        for element in active:
            ahead, back = element.pop(now)
            self._schedule(element)
            if ahead:
                sources += 1
                waited += ahead
            if back:
                backward += back
        if forward:
            waited += forward  # last, so that at equal times held packets go before newcomers
        if sources > 1:
            waited.sort(key=_by_time)
        self._simplify()
        return waited, backward

    def deadline(self) -> int | None:
        if self._sole is not None:
            return self._sole.deadline()
        if self._passing or self._touched:
            dues = [due for element in self._touched if (due := element.deadline()) is not None]
            return min(dues + [packet.time for packet in self._passing[:1]], default=None)
        deadlines = self._deadlines
        while deadlines and self._due.get(deadlines[0][2]) != deadlines[0][0]:
            heappop(deadlines)
        return deadlines[0][0] if deadlines else None

    def slack(self) -> int:
        """Minimum time any packet is held in this stage."""
        least: int | None = None
        for element in self._elements.values():
            # Packets of a flow without an element pass at once, so the whole stage guarantees nothing.
            slack = 0 if element is None else element.slack()
            if not slack:
                return 0
            least = slack if least is None else min(least, slack)
        return least or 0

    def plan(self, link: LinkConditions, flows: Mapping[str, Own], build: Build) -> PerFlowPlan:
        """Prepare a new state from the values of the link and of each flow; `build` makes new elements."""
        requested = {DEFAULT: link} | {name: over for name, (own, over) in flows.items() if self._names(own)}
        plan = PerFlowPlan({}, requested, [])
        for name, values in requested.items():
            element = self._elements.get(name) if self.make.enabled(values) else None
            if element is not None and self._differ(self._values[name], values):
                plan.changed.append((element, values))
            elif element is None and self.make.enabled(values):
                element = build(name, values)
            plan.elements[name] = element
        return plan

    def adopt(self, plan: PerFlowPlan, now: int, flow_of: FlowOf) -> dict[str, Element | None]:
        """Apply a plan, and return the previous elements.

        `flow_of` maps a held packet to its new flow. The packet moves to that flow's element, or leaves the stage if
        there is none.
        """
        busy, before = self._busy(), self._elements
        self._sole = None
        self._elements, self._values = plan.elements, plan.values
        for changed, values in plan.changed:
            changed.configure(values, now)
        staying = {element for name in before if (element := plan.elements.get(name)) is not None} if busy else set()
        for packet in self._passing:
            packet.flow = flow_of(packet)
        for each in busy:
            self._rehome(each, each in staying, now, flow_of)
        return before

    @property
    def idle(self) -> bool:
        """Whether it has no elements and holds nothing, so that the link may skip it."""
        return not (
            any(map(len, self._busy()))
            or self._passing
            or any(element is not None for element in self._elements.values())
        )

    def __len__(self) -> int:
        return len(self._passing) + sum(map(len, self._busy()))

    def _busy(self) -> list[Element]:
        """The elements that hold packets, or may."""
        return list(self._due | self._touched | ({} if self._sole is None else {self._sole: None}))

    def _simplify(self) -> None:
        """Note that there is only one element, once no removed one holds packets any more."""
        default = self._elements[DEFAULT]
        if len(self._elements) == 1 and default is not None and not self._touched and not self._due.keys() - {default}:
            self._sole = default
            self._due.clear()
            self._deadlines.clear()

    def _push_to(self, element: Element | None, packets: list[Packet]) -> None:
        if element is None:
            self._passing += packets
            return
        element.push(packets)
        self._touched[element] = None

    def _schedule(self, element: Element) -> None:
        """Update the deadline of an element."""
        due = element.deadline()
        if due is None:
            self._due.pop(element, None)
        elif due != self._due.get(element):
            self._due[element] = due
            # The old entry stays in the heap and is skipped when it comes up; finding it would take a search.
            # The number decides between equal deadlines, as elements cannot be compared.
            self._number += 1
            heappush(self._deadlines, (due, self._number, element))

    def _home(self, packet: Packet) -> Element | None:
        return self._elements.get(packet.flow, self._elements[DEFAULT])

    def _rehome(self, element: Element, stays: bool, now: int, flow_of: FlowOf) -> None:
        """Move the packets that no longer belong to this element to where they do.

        A live change must not drop what is in flight: it would look like loss that nobody configured. So a packet whose
        flow changed continues its wait in the new flow's element, and only what cannot migrate leaves at once.
        """

        def leaves(packet: Packet) -> bool:
            packet.flow = flow_of(packet)
            return self._home(packet) is not element

        self._settle(element.migrate_out(leaves), now)
        if not stays:
            element.configure(LinkConditions(), now)  # what could not migrate is due now
        self._touched[element] = None  # its deadline may have changed

    def _settle(self, packets: Iterable[Packet], now: int) -> None:
        """Hand packets, in order, to their flows' elements; those without an element leave the stage now."""
        shares: dict[Element | None, list[Packet]] = {}
        for packet in packets:
            shares.setdefault(self._home(packet), []).append(packet)
        for element, share in shares.items():
            if element is not None:
                element.migrate_in(share, now)
                self._touched[element] = None
                continue
            for packet in share:
                packet.time = now
            self._passing += share

    def _names(self, own: LinkConditions) -> bool:
        return any(getattr(own, attribute) is not None for attribute in self.make.depends_on)

    def _differ(self, old: LinkConditions, new: LinkConditions) -> bool:
        return any(getattr(old, attribute) != getattr(new, attribute) for attribute in self.make.depends_on)

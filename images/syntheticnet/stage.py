"""One kind of effect in a link: the link's own element of it, and those of the flows that have their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter

from .conditions import LinkConditions
from .elements import Element, Popped
from .packet import Packet

# The link's own element goes under this name, beside the names of flows.
DEFAULT = "default"

_by_time = attrgetter("time")


class Stage:
    """Sends each packet through the element of its flow, or past where that has none, and merges by time."""

    def __init__(self, make: type[Element], build: Callable[[str, LinkConditions], Element]) -> None:
        """`build` makes an element of the kind `make` for the flow and values given."""
        self._make = make
        self._build = build
        self._elements: dict[str, Element | None] = {DEFAULT: None}
        self._values: dict[str, LinkConditions] = {}
        self._busy: dict[Element, None] = {}  # in the order in which they began to hold something
        self._passing: list[Packet] = []

    def push(self, packets: list[Packet]) -> None:
        elements, default = self._elements, self._elements[DEFAULT]
        if len(elements) == 1:
            self._push_to(default, packets)
            return
        shares: dict[Element | None, list[Packet]] = {}
        for packet in packets:
            shares.setdefault(elements.get(packet.flow, default), []).append(packet)
        for element, share in shares.items():
            self._push_to(element, share)

    def pop(self, now: int) -> Popped:
        passing, self._passing = self._passing, []
        if not self._busy:
            return passing, []
        forward: list[Packet] = []
        backward: list[Packet] = []
        sources = len(self._busy) + bool(passing)
        for element in self._busy:
            ahead, back = element.pop(now)
            forward += ahead
            backward += back
        forward += passing  # last, so that of the same instant what waited goes before a newcomer
        if sources > 1:
            forward.sort(key=_by_time)
        self._busy = {element: None for element in self._busy if len(element)}
        return forward, backward

    def deadline(self) -> int | None:
        if self._passing:
            return self._passing[0].time
        return min((due for element in self._busy if (due := element.deadline()) is not None), default=None)

    def configure(self, link: LinkConditions, flows: Mapping[str, LinkConditions], now: int) -> None:
        """Put the values of the link and of each flow (its own, where it names any) in force.

        An element that is no longer asked for hands on all that it holds with the next `pop`, before any newcomer.
        """
        wished = {DEFAULT: link} | {name: own.over(link) for name, own in flows.items() if self._names(own)}
        for name in self._elements.keys() - wished.keys():
            self._retire(self._elements.pop(name), now)
        for name, values in wished.items():
            self._elements[name] = self._configured(name, values, now)
        self._values = wished

    @property
    def idle(self) -> bool:
        """Whether it has no element and holds nothing, so that the link may pass it by."""
        return not (self._busy or self._passing or any(element is not None for element in self._elements.values()))

    def __len__(self) -> int:
        return len(self._passing) + sum(map(len, self._busy))

    def _push_to(self, element: Element | None, packets: list[Packet]) -> None:
        if element is None:
            self._passing += packets
            return
        element.push(packets)
        self._busy[element] = None

    def _names(self, own: LinkConditions) -> bool:
        return any(getattr(own, attribute) is not None for attribute in self._make.reads)

    def _differ(self, old: LinkConditions, new: LinkConditions) -> bool:
        return any(getattr(old, attribute) != getattr(new, attribute) for attribute in self._make.reads)

    def _configured(self, name: str, values: LinkConditions, now: int) -> Element | None:
        element = self._elements.get(name)
        if not self._make.wanted(values):
            self._retire(element, now)
            return None
        if element is None:
            return self._build(name, values)
        if self._differ(self._values[name], values):
            element.configure(values, now)
        return element

    def _retire(self, element: Element | None, now: int) -> None:
        if element is not None:
            element.configure(LinkConditions(), now)

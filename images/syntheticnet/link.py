"""One direction of one client's network: the chain of elements that its packets pass, and the count of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import groupby
from operator import attrgetter
from random import Random
from typing import Any

from .conditions import LinkConditions
from .elements import ELEMENTS, Element, Popped
from .packet import Packet
from .stage import DEFAULT, Stage
from .tally import Tally

# What leaves this long after it was due was held by a stopped or starved process, not by the network asked for.
STALLED_NS = 100_000_000

_by_flow = attrgetter("flow")


class Link:
    """Offers what an element offers. With no conditions it has no stage, and packets pass as they come."""

    def __init__(self, direction: str, seed: int) -> None:
        self._direction = direction
        self._seed = seed
        self._stages = [Stage(make, partial(self._build, make)) for make in ELEMENTS]
        self._active: list[Stage] = []
        self._settled = True
        self._passing: list[Packet] = []
        self._now = 0
        self.total = Tally()
        self.tallies: dict[str, Tally] = {DEFAULT: Tally()}

    @property
    def perfect(self) -> bool:
        """Whether it has no element and holds nothing, so that super-frames may pass whole."""
        return not self._active

    def push(self, packets: list[Packet], now: int) -> None:
        """Take packets, sorted by `time`, at most `now`."""
        self._now = now
        self.total.came(packets, now)
        for tally, share in self._by_tally(packets):
            tally.came(share, now)
        self._passing += packets

    def pop(self, now: int) -> Popped:
        """Packets that are due by `now`, in order; then what elements answered themselves."""
        self._now = now
        forward, self._passing = self._passing, []
        backward: list[Packet] = []
        for stage in self._active:
            if forward:
                stage.push(forward)
            forward, back = stage.pop(now)
            backward += back
        if not self._settled:
            self._settle()
        if forward:
            forward = self._punctual(forward, now)
        return forward, backward

    def deadline(self) -> int | None:
        if self._passing:
            return self._passing[0].time
        return min((due for stage in self._active if (due := stage.deadline()) is not None), default=None)

    def configure(self, values: LinkConditions, flows: Mapping[str, LinkConditions], now: int) -> None:
        """Put the link's values and those that flows name in force at once; nothing that is held is lost.

        Call `pop` before the next `push`: what the change lets go leaves before any newcomer, however old its stamp.
        """
        for stage in self._stages:
            stage.configure(values, flows, now)
        self._settle()
        self._settled = False
        kept = {name: tally for name, tally in self.tallies.items() if name == DEFAULT or name in flows or tally.held}
        self.tallies = kept | {name: Tally() for name in flows if name not in kept}

    def sent(self, packets: list[Packet], now: int) -> None:
        """Count packets that have left."""
        self.total.left(packets, now)
        for tally, share in self._by_tally(packets):
            tally.left(share, now)

    def drop(self, packet: Packet, cause: str) -> None:
        """The one sink of discarded packets."""
        self.total.lost(cause, self._now)
        self._tally(packet.flow).lost(cause, self._now)

    def reseed(self, seed: int) -> None:
        """Give every element made from now on a stream of `seed`; call before `configure`."""
        self._seed = seed

    def report(self, now: int) -> dict[str, Any]:
        return self.total.report(now)

    def __len__(self) -> int:
        return len(self._passing) + sum(map(len, self._active))

    def _settle(self) -> None:
        """Pass by the stages that have nothing to do; what a retired element held leaves with the first `pop`."""
        self._active = [stage for stage in self._stages if not stage.idle]
        self._settled = True

    def _build(self, make: type[Element], flow: str, values: LinkConditions) -> Element:
        """Each element has a random stream of its own, so that no other element's draws move it."""
        return make(values, Random(f"{self._seed}/{self._direction}/{flow}/{make.__name__}"), self.drop)

    def _tally(self, flow: str) -> Tally:
        return self.tallies.get(flow) or self.tallies[DEFAULT]

    def _by_tally(self, packets: list[Packet]) -> Iterable[tuple[Tally, list[Packet]]]:
        if len(self.tallies) == 1:
            return [(self.tallies[DEFAULT], packets)]
        ordered = sorted(packets, key=_by_flow)
        return [(self._tally(flow), list(share)) for flow, share in groupby(ordered, _by_flow)]

    def _punctual(self, packets: list[Packet], now: int) -> list[Packet]:
        """What is not overdue; the rest is dropped as stalled."""
        oldest = now - STALLED_NS
        if packets[0].time >= oldest:
            return packets
        for packet in packets:
            if packet.time < oldest:
                self.drop(packet, "stalled")
        return [packet for packet in packets if packet.time >= oldest]

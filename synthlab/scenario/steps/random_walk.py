"""`random`: let values wander between two bounds for a time, the same way for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from .. import keys
from ..conditions_reader import change_of, link_keys
from ..conditions_schema import PAIRS
from ..formatting import doc_text, joined, seconds
from ..model import Part, Planner
from ..step_kind import StepArgs, StepKind
from ..value_ranges import LEAST_EVERY_S, Timeline, every_s, filled, pairs, read_pair, times

STRIDE = 0.1
"""The most that a value goes at once, as a share of the way between its bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomWalk:
    """Each value begins anywhere, goes by a uniform draw at each change, and turns back at its bounds.

    Done when the first values are in force.
    """

    clients: tuple[str, ...]
    change: Mapping[str, Any]
    for_s: float
    every_s: float
    stride: float = STRIDE

    def plan(self, planner: Planner) -> Part:
        places: list[float | None] = [None for _ in pairs(self.change)]
        points = []
        for at_s in times(self.for_s, self.every_s):
            places = [_stepped(place, self.stride, planner.random) for place in places]
            points.append((at_s, _at(self.change, iter(places))))
        course = Timeline(clients=self.clients, points=tuple(points), lasts_s=self.for_s)
        return Part(actions=course.actions(planner))

    def __str__(self) -> str:
        return f"random {joined(self.clients)}: {doc_text(self.change)}, for {seconds(self.for_s)}"


def _at(change: Mapping[str, Any], places: Iterator[float | None]) -> dict[str, Any]:
    """The change with each pair at its place, in the order in which `pairs` gives them."""
    return filled(change, lambda pair: pair.at(next(places) or 0.0))


def _stepped(place: float | None, stride: float, random: Random) -> float:
    """The next place between 0 and 1."""
    if place is None:
        return random.random()
    place = abs(place + random.uniform(-stride, stride))
    return 2 - place if place > 1 else place


def _build(read: StepArgs) -> RandomWalk:
    change = change_of(read, "egress: {rate: [500kbit, 5mbit]}")
    for_s = read.get("for")
    every = every_s(read, 1.0, for_s)
    stride = read.get("stride", STRIDE)
    return RandomWalk(clients=read.get("random"), change=change, for_s=for_s, every_s=every, stride=stride)


KIND = StepKind(
    name="random",
    help="let values wander between two bounds",
    keys={
        "random": keys.clients("the clients, groups, or all"),
        **link_keys(read_pair, PAIRS),
        "for": keys.time("how long it goes on", LEAST_EVERY_S, required=True),
        "every": keys.time("the time from change to change; else 1s", LEAST_EVERY_S, 3600),
        "stride": keys.share("the most that a value goes at once, of the way between its bounds; else 10%"),
    },
    build=_build,
)

"""`random`: random walk of values between two bounds, reproducible for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

from ...text.durations import SECOND_NS, format_duration
from .. import keys
from ..conditions_reader import change_of, link_keys
from ..conditions_schema import PAIRS
from ..formatting import doc_text, joined
from ..model import Planner, StepPlan
from ..step_kind import StepArgs, StepKind
from ..value_ranges import LEAST_EVERY_NS, Timeline, every_ns, filled, pairs, read_pair, times

STRIDE = 0.1
"""The largest single change of a value, as a share of the distance between its bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomWalk:
    """Each value starts at a random position, moves by a uniform draw at each change and reflects at its bounds.

    Finishes when the first values are in force. The walk itself is exact; values are rounded once, on the way out, so
    that rounding neither accumulates nor makes small strides vanish.
    """

    clients: tuple[str, ...]
    change: Mapping[str, Any]
    for_ns: int
    every_ns: Fraction
    stride: float = STRIDE

    def plan(self, planner: Planner) -> StepPlan:
        places: list[float | None] = [None for _ in pairs(self.change)]
        points = []
        for at_ns in times(self.for_ns, self.every_ns):
            places = [_stepped(place, self.stride, planner.random) for place in places]
            points.append((at_ns, _at(self.change, iter(places))))
        timeline = Timeline(clients=self.clients, points=tuple(points), lasts_ns=self.for_ns)
        return StepPlan(actions=timeline.actions(planner))

    def __str__(self) -> str:
        return f"random {joined(self.clients)}: {doc_text(self.change)}, for {format_duration(self.for_ns)}"


def _at(change: Mapping[str, Any], places: Iterator[float | None]) -> dict[str, Any]:
    """The change with each range at its position, in the order of `pairs`."""
    return filled(change, lambda pair: pair.at(next(places) or 0.0))


def _stepped(place: float | None, stride: float, random: Random) -> float:
    """The next position between 0 and 1; the first is drawn uniformly."""
    if place is None:
        return random.random()
    place = abs(place + random.uniform(-stride, stride))
    return 2 - place if place > 1 else place


def _build(read: StepArgs) -> RandomWalk:
    change = change_of(read, "egress: {rate: [500kbit, 5mbit]}")
    for_ns = read.get("for")
    every = every_ns(read, Fraction(SECOND_NS), for_ns)
    stride = read.get("stride", STRIDE)
    return RandomWalk(clients=read.get("random"), change=change, for_ns=for_ns, every_ns=every, stride=stride)


KIND = StepKind(
    name="random",
    help="random walk of values between two bounds",
    keys={
        "random": keys.clients("clients, groups or all"),
        **link_keys(read_pair, PAIRS),
        "for": keys.time("duration", LEAST_EVERY_NS, required=True),
        "every": keys.time("interval between changes (default: 1s)", LEAST_EVERY_NS, 3600 * SECOND_NS),
        "stride": keys.share("largest single change, as a share of the distance between the bounds (default: 10%)"),
    },
    build=_build,
)

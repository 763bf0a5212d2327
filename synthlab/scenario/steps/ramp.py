"""`ramp`: lead values from one to another over a time; linear, exponential (equal ratios), or in equal steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import keys
from ..conditions_reader import change_of, link_keys
from ..conditions_schema import PAIRS
from ..formatting import doc_text, joined, seconds
from ..model import Part, Planner
from ..step_kind import StepArgs, StepKind
from ..value_ranges import LEAST_EVERY_S, MOST_EVERY_S, Timeline, every_s, filled, pairs, read_pair, times
from .set import lease_key

SHAPES = ("linear", "exponential", "steps")
_POINTS = 100
"""Of a ramp that does not say how often it changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """Done when the first value is in force; the last one stays."""

    clients: tuple[str, ...]
    change: Mapping[str, Any]
    over_s: float
    every_s: float
    shape: str = "linear"
    for_s: float | None = None

    def plan(self, planner: Planner) -> Part:
        points = tuple((at_s, self._at(at_s)) for at_s in (*times(self.over_s, self.every_s), self.over_s))
        course = Timeline(clients=self.clients, points=points, lasts_s=self.for_s)
        return Part(actions=course.actions(planner))

    def _at(self, at_s: float) -> dict[str, Any]:
        return filled(self.change, lambda pair: pair.at(at_s / self.over_s, self.shape == "exponential"))

    def __str__(self) -> str:
        return f"ramp {joined(self.clients)}: {doc_text(self.change)}, {self.shape} over {seconds(self.over_s)}"


def _build(read: StepArgs) -> Ramp:
    change = change_of(read, "egress: {rate: [5mbit, 500kbit]}")
    over_s, shape = read.get("over"), read.get("shape", "linear")
    for_s = read.get("for")
    if for_s is not None and for_s < over_s:
        read.wrong("for", f"{seconds(for_s)} end before the ramp does, which takes {seconds(over_s)}")
    if shape == "exponential" and not all(pair.low > 0 and pair.high > 0 for pair in pairs(change)):
        read.wrong("shape", "an exponential ramp neither begins nor ends at 0")
    every = _steps_s(read, over_s) if shape == "steps" else every_s(read, over_s / _POINTS, over_s)
    return Ramp(
        clients=read.get("ramp"), change=change, over_s=over_s, every_s=every, shape=shape, for_s=read.get("for")
    )


def _steps_s(read: StepArgs, over_s: float) -> float:
    if "steps" not in read.values:
        read.wrong("shape", "needs the number of `steps`, such as steps: 5")
    every = over_s / float(read.get("steps"))
    if every < LEAST_EVERY_S:
        read.wrong("steps", f"are less than {LEAST_EVERY_S * 1000:g}ms apart; make them fewer, or the ramp longer")
    return every


KIND = StepKind(
    name="ramp",
    help="lead values from one to another",
    keys={
        "ramp": keys.clients("the clients, groups, or all"),
        **link_keys(read_pair, PAIRS),
        "over": keys.time("how long it takes", LEAST_EVERY_S, required=True),
        "shape": keys.word(SHAPES, "linear (the default), exponential: equal ratios in equal times, or steps"),
        "steps": keys.whole(1, 1000, "the number of steps of a ramp in steps"),
        "every": keys.time("the time from change to change", LEAST_EVERY_S, MOST_EVERY_S),
        "for": lease_key(),
    },
    build=_build,
)

"""`ramp`: change values gradually over a time: linearly, exponentially (equal ratios) or in equal steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ...text.durations import format_duration
from .. import keys
from ..conditions_reader import change_of, link_keys
from ..conditions_schema import PAIRS
from ..formatting import doc_text, joined
from ..model import Planner, StepPlan
from ..step_kind import StepArgs, StepKind
from ..value_ranges import LEAST_EVERY_NS, MOST_EVERY_NS, Timeline, every_ns, filled, pairs, read_pair, times
from .set import lease_key

SHAPES = ("linear", "exponential", "steps")
_POINTS = 100
"""Changes of a ramp without `every`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """Finishes when the first value is in force. The last one stays, or reverts `for_ns` after the start."""

    clients: tuple[str, ...]
    change: Mapping[str, Any]
    over_ns: int
    every_ns: Fraction
    shape: str = "linear"
    for_ns: int | None = None

    def plan(self, planner: Planner) -> StepPlan:
        points = tuple((at_ns, self._at(at_ns)) for at_ns in (*times(self.over_ns, self.every_ns), self.over_ns))
        timeline = Timeline(clients=self.clients, points=points, lasts_ns=self.for_ns)
        return StepPlan(actions=timeline.actions(planner))

    def _at(self, at_ns: int) -> dict[str, Any]:
        return filled(self.change, lambda pair: pair.at(at_ns / self.over_ns, self.shape == "exponential"))

    def __str__(self) -> str:
        return (
            f"ramp {joined(self.clients)}: {doc_text(self.change)}, {self.shape} over {format_duration(self.over_ns)}"
        )


def _build(read: StepArgs) -> Ramp:
    change = change_of(read, "egress: {rate: [5mbit, 500kbit]}")
    over_ns, shape = read.get("over"), read.get("shape", "linear")
    for_ns = read.get("for")
    if for_ns is not None and for_ns < over_ns:
        read.wrong("for", f"{format_duration(for_ns)} is shorter than the ramp ({format_duration(over_ns)})")
    if shape == "exponential" and not all(pair.low > 0 and pair.high > 0 for pair in pairs(change)):
        read.wrong("shape", "an exponential ramp cannot start or end at 0; use linear or a value above 0")
    every = _steps_ns(read, over_ns) if shape == "steps" else every_ns(read, Fraction(over_ns, _POINTS), over_ns)
    return Ramp(
        clients=read.get("ramp"), change=change, over_ns=over_ns, every_ns=every, shape=shape, for_ns=read.get("for")
    )


def _steps_ns(read: StepArgs, over_ns: int) -> Fraction:
    if "steps" not in read.values:
        read.wrong("shape", "requires the number of `steps`, such as steps: 5")
    every = Fraction(over_ns, read.get("steps"))
    if every < LEAST_EVERY_NS:
        apart = format_duration(LEAST_EVERY_NS)
        read.wrong("steps", f"would be less than {apart} apart; use fewer steps or a longer ramp")
    return every


KIND = StepKind(
    name="ramp",
    help="change values gradually",
    keys={
        "ramp": keys.clients("clients, groups or all"),
        **link_keys(read_pair, PAIRS),
        "over": keys.time("duration of the ramp", LEAST_EVERY_NS, required=True),
        "shape": keys.word(SHAPES, "linear (default), exponential (equal ratios in equal times) or steps"),
        "steps": keys.whole(1, 1000, "number of steps, for `shape: steps`"),
        "every": keys.time("interval between changes", LEAST_EVERY_NS, MOST_EVERY_NS),
        "for": lease_key(),
    },
    build=_build,
)

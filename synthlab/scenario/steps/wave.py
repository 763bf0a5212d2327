"""`wave`: oscillate values between two, as a sine or a square wave, for a time; then revert."""

from __future__ import annotations

import math
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
from ..value_ranges import LEAST_EVERY_NS, MOST_EVERY_NS, Timeline, every_ns, filled, read_pair, times

SHAPES = ("sine", "square")
_POINTS = 40
"""Changes per period of a sine without `every`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A sine starts in the middle, rising; a square starts at the second value. Finishes when the first is in force."""

    clients: tuple[str, ...]
    change: Mapping[str, Any]
    period_ns: int
    for_ns: int
    every_ns: Fraction
    shape: str = "sine"

    def plan(self, planner: Planner) -> StepPlan:
        points = tuple((at_ns, self._at(at_ns)) for at_ns in times(self.for_ns, self.every_ns))
        timeline = Timeline(clients=self.clients, points=points, lasts_ns=self.for_ns)
        return StepPlan(actions=timeline.actions(planner))

    def _at(self, at_ns: int) -> dict[str, Any]:
        return filled(self.change, lambda pair: pair.at(self._share(at_ns)))

    def _share(self, at_ns: int) -> float:
        if self.shape == "square":
            # `round`, as times are whole nanoseconds: one rounded down would belong to the half period before.
            return 1.0 - round(2 * at_ns / self.period_ns) % 2
        return 0.5 + 0.5 * math.sin(2 * math.pi * at_ns / self.period_ns)

    def __str__(self) -> str:
        lasts = f"period {format_duration(self.period_ns)}, for {format_duration(self.for_ns)}"
        return f"wave {joined(self.clients)}: {doc_text(self.change)}, {self.shape}, {lasts}"


def _build(read: StepArgs) -> Wave:
    change = change_of(read, "egress: {rate: [500kbit, 5mbit]}")
    period_ns, for_ns, shape = read.get("period"), read.get("for"), read.get("shape", "sine")
    if shape == "square":
        if "every" in read.values:
            read.wrong("every", "requires a sine; a square changes twice per period")
        every = Fraction(period_ns, 2)
    else:
        every = every_ns(read, Fraction(period_ns, _POINTS), for_ns)
        if 4 * every > period_ns:
            read.wrong("every", f"must be at most a quarter of the period ({format_duration(period_ns)})")
    return Wave(
        clients=read.get("wave"), change=change, period_ns=period_ns, for_ns=for_ns, every_ns=every, shape=shape
    )


KIND = StepKind(
    name="wave",
    help="oscillate values between two",
    keys={
        "wave": keys.clients("clients, groups or all"),
        **link_keys(read_pair, PAIRS),
        "period": keys.time("length of one period", 4 * LEAST_EVERY_NS, required=True),
        "for": keys.time("duration", LEAST_EVERY_NS, required=True),
        "shape": keys.word(SHAPES, "sine (default) or square"),
        "every": keys.time("interval between changes of a sine", LEAST_EVERY_NS, MOST_EVERY_NS),
    },
    build=_build,
)

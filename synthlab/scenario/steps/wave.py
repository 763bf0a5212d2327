"""`wave`: let values swing between two, as a sine or a square, for a time; then what was before is in force again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import keys
from ..conditions_reader import change_of, link_keys
from ..conditions_schema import PAIRS
from ..formatting import doc_text, joined, seconds
from ..model import Part, Planner
from ..step_kind import StepArgs, StepKind
from ..value_ranges import LEAST_EVERY_S, MOST_EVERY_S, Timeline, every_s, filled, read_pair, times

SHAPES = ("sine", "square")
_POINTS = 40
"""Of a period of a sine that does not say how often it changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A sine begins in the middle and rises; a square begins with the second value. Done when the first is in force."""

    clients: tuple[str, ...]
    change: Mapping[str, Any]
    period_s: float
    for_s: float
    every_s: float
    shape: str = "sine"

    def plan(self, planner: Planner) -> Part:
        points = tuple((at_s, self._at(at_s)) for at_s in times(self.for_s, self.every_s))
        course = Timeline(clients=self.clients, points=points, lasts_s=self.for_s)
        return Part(actions=course.actions(planner))

    def _at(self, at_s: float) -> dict[str, Any]:
        return filled(self.change, lambda pair: pair.at(self._share(at_s)))

    def _share(self, at_s: float) -> float:
        if self.shape == "square":
            return 1.0 - round(2 * at_s / self.period_s) % 2
        return 0.5 + 0.5 * math.sin(2 * math.pi * at_s / self.period_s)

    def __str__(self) -> str:
        lasts = f"period {seconds(self.period_s)}, for {seconds(self.for_s)}"
        return f"wave {joined(self.clients)}: {doc_text(self.change)}, {self.shape}, {lasts}"


def _build(read: StepArgs) -> Wave:
    change = change_of(read, "egress: {rate: [500kbit, 5mbit]}")
    period_s, for_s, shape = read.get("period"), read.get("for"), read.get("shape", "sine")
    if shape == "square":
        if "every" in read.values:
            read.wrong("every", "is for a sine; a square changes twice a period")
        every = period_s / 2
    else:
        every = every_s(read, period_s / _POINTS, for_s)
        if every > period_s / 4:
            read.wrong("every", f"is too long for a period of {seconds(period_s)}: at most a quarter of it")
    return Wave(clients=read.get("wave"), change=change, period_s=period_s, for_s=for_s, every_s=every, shape=shape)


KIND = StepKind(
    name="wave",
    help="let values swing between two",
    keys={
        "wave": keys.clients("the clients, groups, or all"),
        **link_keys(read_pair, PAIRS),
        "period": keys.time("the time from crest to crest", 4 * LEAST_EVERY_S, required=True),
        "for": keys.time("how long it goes on", LEAST_EVERY_S, required=True),
        "shape": keys.word(SHAPES, "sine (the default) or square"),
        "every": keys.time("the time from change to change of a sine", LEAST_EVERY_S, MOST_EVERY_S),
    },
    build=_build,
)

"""`repeat`: play steps several times in a row."""

from __future__ import annotations

from dataclasses import dataclass

from .. import keys
from ..model import Planner, Step, StepPlan
from ..step_kind import StepArgs, StepKind

MOST_TIMES = 1000
STEPS_SCHEMA = {"$ref": "#/$defs/steps"}


@dataclass(frozen=True, slots=True)
class Repeat:
    """Finishes when the last repetition has."""

    count: int
    steps: tuple[Step, ...]

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan(tracks=(planner.track("", self.steps, self.count),))

    def __str__(self) -> str:
        return f"repeat {self.count} times"


def _build(read: StepArgs) -> Repeat:
    return Repeat(read.get("repeat"), read.get("steps"))


KIND = StepKind(
    name="repeat",
    help="play steps several times",
    keys={
        "repeat": keys.whole(1, MOST_TIMES, "number of times"),
        "steps": keys.plain(
            lambda node, context: context.read_steps(node, context), STEPS_SCHEMA, "the steps to repeat", required=True
        ),
    },
    build=_build,
)

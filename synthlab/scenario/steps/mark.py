"""`mark`: a name for a moment, which the report shows; beside the key of another kind, for that step's beginning."""

from __future__ import annotations

from dataclasses import dataclass

from .. import keys
from ..model import Planner, StepPlan
from ..step_kind import StepArgs, StepKind


@dataclass(frozen=True, slots=True)
class MarkStep:
    """Nothing is done: the name is the step's own `mark`."""

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan()

    def __str__(self) -> str:
        return "mark"


def _build(_: StepArgs) -> MarkStep:
    return MarkStep()


KIND = StepKind(name="mark", help="a name for a moment", keys={"mark": keys.text("the name")}, build=_build)

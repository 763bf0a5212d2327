"""`mark`: a named moment in the report; as a key of another step, the moment that step starts."""

from __future__ import annotations

from dataclasses import dataclass

from .. import keys
from ..model import Planner, StepPlan
from ..step_kind import StepArgs, StepKind


@dataclass(frozen=True, slots=True)
class MarkStep:
    """Does nothing: the name is the step's `mark`."""

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan()

    def __str__(self) -> str:
        return "mark"


def _build(_: StepArgs) -> MarkStep:
    return MarkStep()


KIND = StepKind(name="mark", help="name a moment", keys={"mark": keys.text("the name")}, build=_build)

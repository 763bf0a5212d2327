"""`mark`: a named moment in the report; as a key of another step, the moment that step starts."""

from __future__ import annotations

from dataclasses import dataclass

from .. import keys
from ..model import Part, Planner
from ..step_kind import StepArgs, StepKind


@dataclass(frozen=True, slots=True)
class Mark:
    """Does nothing: the name is the step's `mark`."""

    def plan(self, planner: Planner) -> Part:
        return Part()

    def __str__(self) -> str:
        return "mark"


def _build(_: StepArgs) -> Mark:
    return Mark()


KIND = StepKind(name="mark", help="name a moment", keys={"mark": keys.text("the name")}, build=_build)

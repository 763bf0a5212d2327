"""`mark`: a name for a moment, which the report shows; beside the key of another kind, for that step's beginning."""

from __future__ import annotations

from dataclasses import dataclass

from .. import keys
from ..model import Part, Planner
from ..step_kind import StepArgs, StepKind


@dataclass(frozen=True, slots=True)
class Mark:
    """Nothing is done: the name is the step's own `mark`."""

    def plan(self, planner: Planner) -> Part:
        return Part()

    def __str__(self) -> str:
        return "mark"


def _build(_: StepArgs) -> Mark:
    return Mark()


KIND = StepKind(name="mark", help="a name for a moment", keys={"mark": keys.text("the name")}, build=_build)

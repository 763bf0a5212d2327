"""`wait`: let time pass."""

from __future__ import annotations

from dataclasses import dataclass

from ...text.durations import format_duration
from .. import keys
from ..model import Planner, StepPlan
from ..step_kind import StepArgs, StepKind


@dataclass(frozen=True, slots=True)
class Wait:
    for_ns: int

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan(least_ns=self.for_ns, most_ns=self.for_ns)

    def __str__(self) -> str:
        return f"wait {format_duration(self.for_ns)}"


def _build(read: StepArgs) -> Wait:
    return Wait(read.get("wait"))


KIND = StepKind(name="wait", help="let time pass", keys={"wait": keys.time("duration")}, build=_build)

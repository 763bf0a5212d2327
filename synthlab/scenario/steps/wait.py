"""`wait`: let time pass."""

from __future__ import annotations

from dataclasses import dataclass

from .. import keys
from ..formatting import seconds
from ..model import Part, Planner
from ..step_kind import StepArgs, StepKind


@dataclass(frozen=True, slots=True)
class Wait:
    for_s: float

    def plan(self, planner: Planner) -> Part:
        return Part(least_s=self.for_s, most_s=self.for_s)

    def __str__(self) -> str:
        return f"wait {seconds(self.for_s)}"


def _build(read: StepArgs) -> Wait:
    return Wait(read.get("wait"))


KIND = StepKind(name="wait", help="let time pass", keys={"wait": keys.time("how long")}, build=_build)

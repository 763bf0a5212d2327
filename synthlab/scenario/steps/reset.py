"""`reset`: restore the conditions of the stack and stop ramps, waves and other running changes."""

from __future__ import annotations

from dataclasses import dataclass

from .. import keys
from ..actions import Reset
from ..formatting import joined
from ..model import Planner, StepPlan, Timed
from ..step_kind import StepArgs, StepKind


@dataclass(frozen=True, slots=True)
class ResetStep:
    clients: tuple[str, ...]

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan(actions=(Timed(0, Reset(clients=self.clients)),))

    def __str__(self) -> str:
        return f"reset {joined(self.clients)}"


def _build(read: StepArgs) -> ResetStep:
    return ResetStep(read.get("reset"))


KIND = StepKind(
    name="reset",
    help="restore the conditions of the stack",
    keys={"reset": keys.clients("clients, groups or all")},
    build=_build,
)

"""`pause`, `unpause`, `stop`, `start`, `restart`: control the containers of clients and of the media server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from ...contract import ContainerAction
from .. import keys
from ..actions import ContainerChange
from ..formatting import joined
from ..model import Planner, StepPlan, Timed
from ..step_kind import StepArgs, StepKind

_HELP: dict[ContainerAction, str] = {
    "pause": "freeze all processes of containers",
    "unpause": "resume paused containers",
    "stop": "stop containers",
    "start": "start stopped containers",
    "restart": "stop and start containers",
}


@dataclass(frozen=True, slots=True)
class ContainerStep:
    """Finishes when the engine has finished and restarted clients answer; planned as if that took no time."""

    action: ContainerAction
    names: tuple[str, ...]

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan(actions=(Timed(0, ContainerChange(action=self.action, names=self.names)),))

    def __str__(self) -> str:
        return f"{self.action} {joined(self.names)}"


def _kind(action: ContainerAction) -> StepKind:
    def build(read: StepArgs) -> ContainerStep:
        return ContainerStep(action, read.get(action))

    names = keys.containers("clients, groups, all (clients) or sfu")
    return StepKind(name=action, help=_HELP[action], keys={action: names}, build=build)


KINDS = tuple(map(_kind, get_args(ContainerAction)))

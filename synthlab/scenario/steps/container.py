"""`pause`, `unpause`, `stop`, `start`, `restart`: what is done to the containers of clients and of the media server."""

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
    "unpause": "let paused containers go on",
    "stop": "stop containers",
    "start": "start stopped containers",
    "restart": "stop and start containers",
}


@dataclass(frozen=True, slots=True)
class ContainerStep:
    """Done when the engine has done it, and clients that come back answer; planned as if that took no time."""

    doing: ContainerAction
    names: tuple[str, ...]

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan(actions=(Timed(0, ContainerChange(doing=self.doing, names=self.names)),))

    def __str__(self) -> str:
        return f"{self.doing} {joined(self.names)}"


def _kind(doing: ContainerAction) -> StepKind:
    def build(read: StepArgs) -> ContainerStep:
        return ContainerStep(doing, read.get(doing))

    names = keys.containers("clients, groups, all clients, or sfu")
    return StepKind(name=doing, help=_HELP[doing], keys={doing: names}, build=build)


KINDS = tuple(map(_kind, get_args(ContainerAction)))

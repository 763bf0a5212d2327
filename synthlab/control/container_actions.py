"""Which containers an action (pause, stop, start, ...) applies to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..contract import ContainerAction
from ..engine.containers import Container
from ..errors import WrongUse

# The engine's container states to which each action applies.
_FROM: Mapping[ContainerAction, Sequence[str]] = {
    "stop": ("running", "restarting", "paused"),
    "start": ("exited", "created", "dead"),
    "restart": ("running", "restarting", "exited", "created", "dead"),
    "pause": ("running",),
    "unpause": ("paused",),
}


def to_act_on(wanted: Sequence[Container], action: ContainerAction) -> list[Container]:
    """The containers to which the action applies; raises WrongUse if there are none."""
    acted = [container for container in wanted if container.state in _FROM[action]]
    if not acted:
        raise WrongUse("; ".join(nothing_to_do(container, action) for container in wanted))
    return acted


def nothing_to_do(container: Container, action: ContainerAction) -> str:
    return f"{container.title}: nothing to {action}: it is {container.state}"

"""Whose packets can be captured: those of clients, and of a media server whose network is conditioned."""

from __future__ import annotations

from collections.abc import Sequence

from ..contract import SFU_HOST
from ..engine.containers import Container
from ..errors import WrongUse, did_you_mean
from .addresses import not_running


def network_of(lab: str, members: Sequence[Container], name: str) -> Container:
    """The running container that holds the network of a client, or of `sfu`.

    Raises WrongUse for another name, SynthlabError where it does not run.
    """
    holders = {_known_as(container): container for container in members if container.conditioned}
    if name not in holders:
        hint = did_you_mean(name, holders) or f"; there are: {', '.join(holders)}"
        raise WrongUse(f"no client '{name}' in lab '{lab}' has a network that can be captured{hint}")
    if holders[name].state != "running":
        raise not_running(holders[name])
    return holders[name]


def _known_as(container: Container) -> str:
    return SFU_HOST if container.role == "network" else container.title

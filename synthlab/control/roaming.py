"""Has a client change its network, or its address there, and waits until it is there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from syntheticnet.conditions import MOST_GAP_NS

from ..errors import SynthlabError, WrongUse
from ..stack.roaming import RoamPlan, refuse_roam
from ..text.progress import Progress
from .client_api import ClientApi
from .container_lookup import find_member
from .running_lab import RunningLab
from .state import ClientState

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 10.0
QUIET_SECONDS = 2.0
"""A longer way is announced."""


def roam(lab: RunningLab, name: str, plan: RoamPlan, progress: Progress = lambda line: None) -> ClientState:
    """Go where the plan says; returns the state once the client is there. Raises WrongUse for what is not possible.

    The client itself ends what it has begun, also if the caller does not wait.
    """
    container = find_member(lab.name, lab.members, name)
    if container.role != "client":
        raise WrongUse(f"{name} is not a client, and only clients change their network")
    refuse_roam(container.title, container.uplinks, plan)
    api = lab.one(name).api
    if plan.gap_ns >= QUIET_SECONDS * 1e9:
        progress(f"{container.title}: {plan}")
    return _arrived(api, api.roam(plan), plan.gap_ns)


def roam_back(lab: RunningLab, name: str, before: Mapping[str, Any]) -> None:
    """Return to the network and address in `before`, the `uplink` of an earlier state, once the client is anywhere."""
    api = lab.one(name).api
    now = _arrived(api, api.state(), MOST_GAP_NS).uplink or {}
    if before["in_use"] != now["in_use"]:
        now = roam(lab, name, RoamPlan(to=before["in_use"])).uplink or {}
    if before["address"] != now["address"]:
        roam(lab, name, RoamPlan())


def _arrived(api: ClientApi, state: ClientState, gap_ns: int) -> ClientState:
    """The state once the client is where it goes; raises SynthlabError if that takes long beyond the gap."""
    deadline = time.monotonic() + gap_ns / 1e9 + PATIENCE_SECONDS
    while on_the_way(state):
        if time.monotonic() > deadline:
            raise SynthlabError(f"the client is still on its way to {on_the_way(state)}; see its log")
        time.sleep(POLL_SECONDS)
        state = api.state()
    return state


def on_the_way(state: ClientState) -> str | None:
    """The uplink that a client is on its way to; None if it is there."""
    towards = (state.uplink or {}).get("on_the_way_to")
    return None if towards is None else str(towards)

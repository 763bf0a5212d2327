"""Plans and heals a partition of a running lab, by the names of its ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syntheticnet.conditions import DIRECTIONS, Flow

from ..errors import WrongUse
from ..stack import network_operations
from ..stack.network_operations import BOTH, SILENT, PartialChange, is_partition, refuse_same
from ..stack.uplinks import ends_that_see
from .container_lookup import find_member, uplinks_of
from .group_change import GroupChange, LabClient
from .running_lab import RunningLab
from .state import ClientState


def plan_partition(
    lab: RunningLab, a: str, b: str, direction: str = BOTH, answer: str = SILENT
) -> tuple[list[LabClient], PartialChange]:
    """Like `network_operations.partition`, for two ends of a lab. Raises WrongUse for an invalid name.

    The clients to change are one, or all networks of a service that has several.
    """
    first, second = plan_ends(lab, a, b)
    conditioned = [end for end in (first, second) if _networks(lab, end)]
    conditioned = ends_that_see(first, second, conditioned, uplinks_of(lab.members))
    name, change = network_operations.partition(first, second, conditioned, direction, answer)
    return _networks(lab, name), change


def still_passing(states: Mapping[str, ClientState], a: str, b: str) -> Iterator[str]:
    """A line for each flow that this partition leaves open, because it is older and so is matched first."""
    for client, state in states.items():
        other = b if a in (client, client.partition("@")[0]) else a
        flows = state.conditions.flows
        separated = next((flow for flow in flows if flow.name == other), None)
        if separated is None:  # the partition has ended meanwhile
            continue
        for flow in flows[: flows.index(separated)]:
            same = flow.match.name == other or (flow.match.name is None and flow.match.network is None)
            if same and not flow.muted and not _blocked_like(flow, separated):
                yield f"{client}: {flow.name} is matched first, so it still passes: remove it, or block it, too"


def _blocked_like(flow: Flow, separated: Flow) -> bool:
    """Whether a flow is blocked wherever the other one is."""
    links = [(getattr(flow, name), getattr(separated, name)) for name in DIRECTIONS]
    return all(one.outage or one.reject for one, other in links if other.outage or other.reject)


def heal_partition(lab: RunningLab, a: str, b: str) -> tuple[GroupChange, bool]:
    """Reconnect two ends: at both, clear blocking values and end leases and scheduled changes that only partition.

    Returns their states afterwards, and whether they were partitioned at all. Raises WrongUse as `plan_partition`.
    """
    first, second = plan_ends(lab, a, b)
    pairs = [(client, other) for end, other in ((first, second), (second, first)) for client in _networks(lab, end)]
    ends = {client.name: _heal_end(lab, client, other) for client, other in pairs}
    return GroupChange({name: state for name, (state, _) in ends.items()}), any(healed for _, healed in ends.values())


def _networks(lab: RunningLab, name: str) -> list[LabClient]:
    """The conditioned networks of an end."""
    return [client for client in lab.find() if name in (client.name, client.name.partition("@")[0])]


def plan_ends(lab: RunningLab, a: str, b: str) -> tuple[str, str]:
    """The full names of both ends. Raises WrongUse."""
    first, second = _end(lab, a), _end(lab, b)
    refuse_same(first, second)
    return first, second


def _end(lab: RunningLab, name: str) -> str:
    """The full name of a client, server or service; a service may have been made anew by Compose."""
    try:
        return find_member(lab.name, [member for member in lab.members if not member.network_of], name).title
    except WrongUse:
        if name in lab.backend.engine.compose_services(lab.name):
            return name
        raise


def _heal_end(lab: RunningLab, client: LabClient, other: str) -> tuple[ClientState, bool]:
    """The end's state afterwards, and whether it was separated from `other`."""
    state = client.api.state()
    # A lease that also sets other values, or blocks other hosts, belongs to a different command or to a scenario:
    # ending it here would change more of the network than this partition.
    pending = (*state.leases, *state.scheduled)
    entries = [entry for entry in pending if not entry.replace and is_partition(entry.change, other)]
    for entry in entries:
        state = client.api.release(entry.id)
    change = network_operations.heal(other, state.base_text, state.answer["startup"])
    if change:
        state = lab.change([client], change).states[client.name]
    return state, bool(entries or change)

"""A partition of a running lab: its ends by name, and how it is healed."""

from __future__ import annotations

from ..contract import SFU_HOST
from ..stack import network_operations
from ..stack.network_operations import BOTH, SILENT, PartialChange, is_partition, refuse_same
from .container_lookup import find_member, unconditioned
from .group_change import GroupChange, LabClient
from .running_lab import RunningLab
from .state import ClientState


def plan_partition(
    lab: RunningLab, a: str, b: str, direction: str = BOTH, answer: str = SILENT
) -> tuple[LabClient, PartialChange]:
    """As `network_operations.partition`, of two ends of a lab. Raises WrongUse for names that cannot be its ends."""
    ends = {client.name: client for client in lab.find()}
    client, change = network_operations.partition(*_ends(lab, a, b), ends, direction, answer)
    return ends[client], change


def heal_partition(lab: RunningLab, a: str, b: str) -> tuple[GroupChange, bool]:
    """End whatever separates two ends, at both: values, and leases and scheduled changes that do nothing else.

    Returns their states then, and whether there was anything to end. Raises WrongUse as `plan_partition`.
    """
    first, second = _ends(lab, a, b)
    others = {first: second, second: first}
    clients = [client for client in lab.find() if client.name in others]
    ends = {client.name: _heal_end(lab, client, others[client.name]) for client in clients}
    return GroupChange({name: state for name, (state, _) in ends.items()}), any(healed for _, healed in ends.values())


def _ends(lab: RunningLab, a: str, b: str) -> tuple[str, str]:
    first, second = _end(lab, a), _end(lab, b)
    refuse_same(first, second)
    return first, second


def _end(lab: RunningLab, name: str) -> str:
    """The name of the one client, or `sfu`, that is meant."""
    if any(one.role == "service" and one.title == name for one in lab.members):
        raise unconditioned(lab.name, name)
    return find_member(lab.name, [one for one in lab.members if one.role in ("client", SFU_HOST)], name).title


def _heal_end(lab: RunningLab, client: LabClient, other: str) -> tuple[ClientState, bool]:
    """The end's state afterwards, and whether there was anything to end."""
    state = client.api.state()
    entries = [one for one in (*state.leases, *state.scheduled) if not one.replace and is_partition(one.change, other)]
    for entry in entries:
        state = client.api.release(entry.id)
    change = network_operations.heal(other, state.base_text, state.answer["startup"])
    if change:
        state = lab.change([client], change).states[client.name]
    return state, bool(entries or change)

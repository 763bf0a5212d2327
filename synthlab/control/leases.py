"""Renews and reverts leases of several clients, each known by its id at its client."""

from __future__ import annotations

from collections.abc import Mapping

from .client_api import ClientApi
from .group_change import LabClient, each
from .running_lab import RunningLab
from .state import ClientState


def renew_leases(lab: RunningLab, ids: Mapping[str, int], lease_ns: int) -> None:
    """Make each lease expire `lease_ns` from now. Raises SynthlabError if one has ended, once all are asked."""
    each(_clients(lab, ids), lambda client: client.api.renew(ids[client.name], lease_ns))


def release_leases(lab: RunningLab, ids: Mapping[str, int]) -> dict[str, ClientState]:
    """Revert each lease now; one that has already ended is left alone."""
    return each(_clients(lab, ids), lambda client: release_present(client.api, ids[client.name]))


def release_present(api: ClientApi, id: int) -> ClientState:
    """Revert a lease, or cancel a scheduled change, unless it has ended."""
    state = api.state()
    return api.release(id) if id in [one.id for one in (*state.leases, *state.scheduled)] else state


def _clients(lab: RunningLab, ids: Mapping[str, int]) -> list[LabClient]:
    return [lab.one(name) for name in ids]

"""Schemas and values that several resources share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...control.group_change import LabClient
from ...control.running_lab import RunningLab
from ...control.state import ClientState
from ...stack.durations import read_duration
from .. import schemas

LEASE = schemas.text("how long it lasts, 1h at most; then it reverts by itself", "10s", most=40)
CLIENTS = {
    "anyOf": [
        schemas.array(schemas.text("a client, a group or `sfu`", "client1", most=200), "names", least=1),
        schemas.word("all of the lab", "all"),
    ],
    "description": "names of clients or groups, or `all`",
}
STATE = schemas.free("the state of a client, as its own GET /v1/state")
STATES = schemas.by_name(STATE, "by client")
IDS = schemas.by_name(schemas.whole("the id of a lease", 0, 2**63 - 1), "lease by client", least=1)
ANY_IDS = schemas.by_name(schemas.whole("the id of a lease", 0, 2**63 - 1), "lease by client")


def chosen(lab: RunningLab, names: Sequence[str] | str) -> list[LabClient]:
    """The clients that a request names. Raises WrongUse for an unknown one."""
    return lab.find(() if names == "all" else names)


def answers_of(states: dict[str, ClientState]) -> dict[str, Any]:
    return {name: state.answer for name, state in states.items()}


def duration(body: Any, name: str) -> int | None:
    """A duration of a body in ns; None without. Raises WrongUse."""
    return read_duration(name, body[name]) if name in body else None

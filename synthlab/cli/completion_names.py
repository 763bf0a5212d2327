"""The names that a shell completes, read without Docker's SDK and the HTTP library, whose imports are slow."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..contract import HOST
from ..engine.factory import make_engine
from ..engine.listing import Member

TIMEOUT_S = 0.5


def members() -> list[Member]:
    """The containers of all labs."""
    return make_engine().members()


def lab_names(known: Iterable[Member]) -> list[str]:
    return list(dict.fromkeys(member.lab for member in known))


def client_names(known: Iterable[Member], lab: str | None) -> list[str]:
    """Clients, their groups, and `sfu`."""
    of_lab = [member for member in known if lab in (None, member.lab)]
    return list(dict.fromkeys(name for one in of_lab for name in (one.group, one.title) if name))


def flow_names(known: Iterable[Member], lab: str | None, clients: Iterable[str]) -> list[str]:
    """The flows of the clients named on the line; of all clients if there are none."""
    wanted = set(clients)
    names: dict[str, None] = {}
    for member in known:
        meant = not wanted or wanted & {member.client, member.group}
        if member.port and meant and lab in (None, member.lab):
            names |= dict.fromkeys(_conditions(member.port).get("flows", {}))
    return list(names)


def uplink_names(known: Iterable[Member], client: str | None) -> list[str]:
    """The uplinks of a client, apart from the one in use."""
    states = [_ask(member.port, "/v1/state") for member in known if member.port and member.client == client]
    uplinks = [state["uplink"] for state in states if "uplink" in state]
    return [name for one in uplinks for name in one["uplinks"] if name != one["in_use"]]


def _conditions(port: int) -> dict[str, dict[str, object]]:
    answer: dict[str, dict[str, object]] = _ask(port, "/v1/conditions")
    return answer


def _ask(port: int, path: str) -> Any:
    from http.client import HTTPConnection

    connection = HTTPConnection(HOST, port, timeout=TIMEOUT_S)
    connection.request("GET", path)
    return json.loads(connection.getresponse().read())

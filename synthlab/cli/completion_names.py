"""The names that a shell completes, read without Docker's SDK and the HTTP library, whose imports are slow."""

from __future__ import annotations

import json
from collections.abc import Iterable

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


def _conditions(port: int) -> dict[str, dict[str, object]]:
    from http.client import HTTPConnection

    connection = HTTPConnection(HOST, port, timeout=TIMEOUT_S)
    connection.request("GET", "/v1/conditions")
    answer: dict[str, dict[str, object]] = json.loads(connection.getresponse().read())
    return answer

"""The names that a shell completes, asked for so that it takes no time: without the SDK and the HTTP library."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..contract import API_PORT, HOST
from ..engine import labels
from ..engine.process import run_program

TIMEOUT_S = 2.0

_PORT = re.compile(rf":(\d+)->{API_PORT}/tcp")
_COLUMNS = (labels.LAB, labels.CLIENT, labels.GROUP, labels.ROLE)


@dataclass(frozen=True, slots=True)
class Member:
    """A container, as far as completion is concerned; `port` is where its API answers on the host."""

    lab: str
    client: str
    group: str
    role: str
    port: int | None


def members() -> list[Member]:
    """Those of all labs."""
    columns = [f'{{{{.Label "{name}"}}}}' for name in _COLUMNS]
    shown = "\\t".join([*columns, "{{.Ports}}"])
    lines: list[str] = []
    listing = ["docker", "ps", "--all", "--no-trunc", "--filter", f"label={labels.LAB}", "--format", shown]
    run_program(listing, on_line=lines.append, timeout_s=TIMEOUT_S)
    known = [member for member in map(read_member, lines) if member.role != labels.SIDECAR]
    return sorted(known, key=lambda member: (member.lab, member.client))


def read_member(line: str) -> Member:
    """From a line of `docker ps`."""
    lab, client, group, role, ports = [*line.split("\t"), *[""] * 5][:5]
    found = _PORT.search(ports)
    return Member(lab, client, group, role, int(found[1]) if found else None)


def lab_names(known: Iterable[Member]) -> list[str]:
    return list(dict.fromkeys(member.lab for member in known))


def client_names(known: Iterable[Member], lab: str | None) -> list[str]:
    """Clients, their groups, and `sfu`."""
    of_lab = [member for member in known if lab in (None, member.lab)]
    return list(dict.fromkeys(name for one in of_lab for name in (one.group, one.client or one.role) if name))


def flow_names(known: Iterable[Member], lab: str | None, clients: Iterable[str]) -> list[str]:
    """The flows in force at the clients that are named on the line; at all where there are none."""
    wanted = set(clients)
    names: dict[str, None] = {}
    for member in known:
        meant = not wanted or wanted & {member.client, member.group}
        if member.port and meant and lab in (None, member.lab):
            names |= dict.fromkeys(_conditions(member.port).get("flows", {}))
    return list(names)


def _conditions(port: int) -> dict[str, dict[str, object]]:
    from http.client import HTTPConnection

    connection = HTTPConnection(HOST, port, timeout=TIMEOUT_S / 4)
    connection.request("GET", "/v1/conditions")
    answer: dict[str, dict[str, object]] = json.loads(connection.getresponse().read())
    return answer

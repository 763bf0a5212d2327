"""Lists the names of all containers with the engine's command: importing the SDK is too slow for shell completion."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..contract import API_PORT
from . import labels
from .process import run_program

TIMEOUT_S = 2.0

_PORT = re.compile(rf":(\d+)->{API_PORT}/tcp")
_COLUMNS = (labels.LAB, labels.CLIENT, labels.GROUP, labels.ROLE)


@dataclass(frozen=True, slots=True)
class Member:
    """The names of a container; `port` is the host port of its API, None if not published."""

    lab: str
    client: str
    group: str
    role: str
    port: int | None

    @property
    def title(self) -> str:
        """What people call it: the client's name, else its role."""
        return self.client or self.role


def list_members(command: str) -> list[Member]:
    """The containers of all labs, sorted by lab and name, without sidecars."""
    columns = [f'{{{{.Label "{name}"}}}}' for name in _COLUMNS]
    shown = "\\t".join([*columns, "{{.Ports}}"])
    lines: list[str] = []
    listing = [command, "ps", "--all", "--no-trunc", "--filter", f"label={labels.LAB}", "--format", shown]
    run_program(listing, on_line=lines.append, timeout_s=TIMEOUT_S)
    known = [member for member in map(read_member, lines) if member.role != labels.SIDECAR]
    return sorted(known, key=lambda member: (member.lab, member.client))


def read_member(line: str) -> Member:
    """Parse a line of `docker ps`."""
    lab, client, group, role, ports = [*line.split("\t"), *[""] * 5][:5]
    match = _PORT.search(ports)
    return Member(lab, client, group, role, int(match[1]) if match else None)

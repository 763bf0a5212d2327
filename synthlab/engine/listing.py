"""Lists the names of all containers with the engine's command: importing the SDK is too slow for shell completion."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from ..contract import API_PORT
from . import labels
from .process import run_program

TIMEOUT_S = 2.0
SERVICES_S = 0.8
"""For each of the two commands that list a swarm's services."""

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
    return sorted(known, key=_place)


def list_with_services(command: str) -> list[Member]:
    """The same with the labs on a swarm, if the engine manages one; both are asked at the same time."""
    services: list[Member] = []
    asking = threading.Thread(target=lambda: services.extend(_services(command)), daemon=True)
    asking.start()
    known = list_members(command)
    asking.join()
    return sorted([*known, *services], key=_place) if services else known


def _services(command: str) -> Iterator[Member]:
    """Nothing if this engine manages no swarm, or does not answer in time."""
    ids: list[str] = []
    listing = [command, "service", "ls", "--quiet", "--filter", f"label={labels.LAB}"]
    if run_program(listing, on_line=ids.append, timeout_s=SERVICES_S).status or not ids:
        return
    shown = "\t".join(f'{{{{index .Spec.Labels "{name}"}}}}' for name in _COLUMNS)
    lines: list[str] = []
    inspecting = [command, "service", "inspect", "--format", shown, *ids]
    if not run_program(inspecting, on_line=lines.append, timeout_s=SERVICES_S).status:
        yield from map(read_member, lines)


def _place(member: Member) -> tuple[str, str]:
    return member.lab, member.client


def read_member(line: str) -> Member:
    """Parse a line of `docker ps`."""
    lab, client, group, role, ports = [*line.split("\t"), *[""] * 5][:5]
    match = _PORT.search(ports)
    return Member(lab, client, group, role, int(match[1]) if match else None)

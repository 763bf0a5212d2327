"""Brings up a rendered lab with `docker compose`; what must be known of it later stands in labels."""

from __future__ import annotations

from collections.abc import Callable

from .errors import SynthlabError
from .process import run_program


class PortTaken(SynthlabError):
    """Somebody else has taken a host port between our look at it and the container's start."""


def compose_up(project: str, rendered: str, tell: Callable[[str], None]) -> None:
    """Create and start all containers of a rendered Compose file; raises SynthlabError with the last lines."""
    command = ["docker", "compose", "--progress", "plain", "-p", project, "-f", "-", "up", "--detach"]
    finished = run_program(command, text=rendered, on_line=lambda line: tell(line.strip()))
    if finished.status != 0:
        taken = any("port is already allocated" in line for line in finished.tail)
        error = PortTaken if taken else SynthlabError
        raise error("docker compose could not start the lab", finished.tail[-8:])

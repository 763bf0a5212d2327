"""Calls `docker compose` to bring up a rendered lab and to resolve the user's own Compose file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import SynthlabError, WrongUse
from ..text.progress import Progress
from .process import run_program

PROJECT = "synthlab-compose"
"""The project name for reading a Compose file: Compose derives other names from it."""
TIMEOUT_S = 60.0


class PortTaken(SynthlabError):
    """A host port was taken after we checked it and before the container started."""


class ComposeCommands:
    """The Compose part of EngineApi."""

    command: str
    port_taken: str
    """What the engine says if a host port is in use."""

    def compose_up(self, project: str, rendered: str, progress: Progress) -> None:
        command = [self.command, "compose", "--progress", "plain", "-p", project, "-f", "-", "up", "--detach"]
        finished = run_program(command, text=rendered, on_line=lambda line: progress(line.strip()))
        if finished.status != 0:
            # Compose has no exit status for this: the engine's message is all there is to go by.
            taken = any(self.port_taken in line for line in finished.tail)
            error = PortTaken if taken else SynthlabError
            raise error(f"{self.command} compose could not start the lab", finished.tail[-8:])

    def compose_config(self, file: Path, environment: Mapping[str, str]) -> Mapping[str, Any]:
        command = [self.command, "compose", "-p", PROJECT, "-f", str(file), "config", "--format", "json"]
        lines: list[str] = []
        # The command itself needs PATH, HOME and the variables that choose the engine.
        given = {**os.environ, **environment}
        finished = run_program(command, on_line=lines.append, environment=given, timeout_s=TIMEOUT_S)
        if finished.status != 0:
            raise WrongUse(f"{file}: {' '.join(line.strip() for line in finished.tail)}")
        return read_config("\n".join(lines))


def read_config(text: str) -> Mapping[str, Any]:
    """Parse the output of `docker compose config`, skipping warnings before the JSON, such as for unset variables."""
    document = text[text.index("\n{\n") + 1 :] if "\n{\n" in text and not text.startswith("{") else text
    config: Mapping[str, Any] = json.loads(document)
    return config

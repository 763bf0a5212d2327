"""Calls `docker compose` to bring up a rendered lab and to resolve the user's own Compose file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import SynthlabError, WrongUse
from ..text.progress import Progress
from . import labels
from .process import run_program
from .tools import ToolCommands

TIMEOUT_S = 60.0

_LOGGED = re.compile(r'level=(\w+) msg="((?:[^"\\]|\\.)*)"')


class PortTaken(SynthlabError):
    """A host port was taken after we checked it and before the container started."""


class ComposeCommands(ToolCommands):
    """The Compose part of EngineApi."""

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

    def compose_config(
        self, options: Sequence[str], environment: Mapping[str, str], substitute: bool = True
    ) -> tuple[str, list[str]]:
        # The command itself needs PATH, HOME and the variables that choose the engine.
        given = {**os.environ, **environment}
        with TemporaryDirectory(prefix="synthlab-") as folder:
            output = Path(folder) / "compose.yaml"
            command = [self.command, "compose", *options, "config", "--output", str(output)]
            written: list[str] = []
            finished = run_program(
                [*command, *([] if substitute else ["--no-interpolate"])],
                on_line=written.append,
                environment=given,
                timeout_s=TIMEOUT_S,
            )
            warnings, problems = read_messages(written)
            if finished.status != 0 or not output.exists():
                from .compose_versions import too_old

                said = " ".join(problems)
                newer = too_old(said, lambda: self.tool_version("compose"))
                raise WrongUse(newer or said or f"{self.command} compose cannot read it")
            return output.read_text(encoding="utf-8"), warnings

    def compose_projects(self) -> dict[str, str]:
        with self._asked() as api:
            listed = api.containers(all=True, filters={"label": labels.COMPOSE_PROJECT})
        # Ours last: Compose may have made some of a lab's containers anew.
        marks = sorted((container["Labels"] for container in listed), key=lambda one: labels.LAB in one)
        return {one[labels.COMPOSE_PROJECT]: one.get(labels.LAB, "") for one in marks}

    def compose_services(self, lab: str) -> set[str]:
        with self._asked() as api:
            listed = api.containers(all=True, filters={"label": labels.COMPOSE_PROJECT})
        marks = [container["Labels"] for container in listed]
        projects = {one[labels.COMPOSE_PROJECT] for one in marks if one.get(labels.LAB) == lab}
        return {one.get(labels.COMPOSE_SERVICE, "") for one in marks if one[labels.COMPOSE_PROJECT] in projects}

    def subnets(self) -> dict[str, str]:
        with self._asked() as api:
            networks = api.networks()
        configs = [(config, network) for network in networks for config in network["IPAM"]["Config"] or ()]
        return {config["Subnet"]: network["Name"] for config, network in configs if config.get("Subnet")}

    def compose_volumes(self, project: str) -> set[str]:
        with self._asked() as api:
            found = api.volumes(filters={"label": f"{labels.COMPOSE_PROJECT}={project}"})["Volumes"] or []
        return {volume["Name"] for volume in found}

    def _asked(self) -> AbstractContextManager[Any]:
        """The engine's API."""
        raise NotImplementedError


def read_messages(lines: Iterable[str]) -> tuple[list[str], list[str]]:
    """What Compose wrote to the terminal: its warnings, as plain text and each once, and everything else."""
    warnings, problems = dict[str, None](), list[str]()
    for line in map(str.strip, lines):
        if logged := _LOGGED.search(line):
            text = logged[2].replace('\\"', '"')
            if logged[1] == "warning":
                warnings[text] = None
            else:
                problems.append(text)
        elif line:
            problems.append(line)
    return list(warnings), problems

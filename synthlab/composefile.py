"""A Compose file of the user's own, as Compose itself reads it: with its variables, includes and defaults filled in."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import WrongUse
from .process import run_program
from .yamltree import compose_documents

TIMEOUT_S = 60.0
_PROJECT = "synthlab-compose"
_NAMED = ("networks", "volumes", "configs", "secrets")


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """The services by name, and what stands beside them by kind (`networks`, ...); `$` stands doubled in all texts."""

    services: Mapping[str, Mapping[str, Any]]
    named: Mapping[str, Mapping[str, Any]]


def read_compose(file: Path, environment: Mapping[str, str]) -> ComposeFile:
    """Ask Compose for the file's services, variables from `environment`; raises WrongUse with what it says."""
    compose_documents(file, str(file))  # only to see that it is within bounds: Compose itself reads it
    command = ["docker", "compose", "-p", _PROJECT, "-f", str(file), "config", "--format", "json"]
    lines: list[str] = []
    given = {**os.environ, **environment}
    finished = run_program(command, on_line=lines.append, environment=given, timeout_s=TIMEOUT_S)
    text = "\n".join(lines)
    if finished.status != 0:
        raise WrongUse(f"{file}: {' '.join(line.strip() for line in finished.tail)}")
    # Warnings come first, such as one of a variable that is not set.
    read = json.loads(text[text.index("\n{\n") + 1 :] if "\n{\n" in text and not text.startswith("{") else text)
    return from_config(read)


def from_config(read: Mapping[str, Any]) -> ComposeFile:
    """From the answer of `docker compose config`, without the names that it makes up of its project's."""
    named = {kind: {name: _unnamed(body) for name, body in read.get(kind, {}).items()} for kind in _NAMED}
    services = {name: _without(body, "container_name") for name, body in read["services"].items()}
    return ComposeFile(services, {kind: bodies for kind, bodies in named.items() if bodies})


def _unnamed(body: Mapping[str, Any] | None) -> dict[str, Any]:
    ours = str((body or {}).get("name", "")).startswith(f"{_PROJECT}_")
    return _without(body or {}, "name") if ours else dict(body or {})


def _without(body: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != key}

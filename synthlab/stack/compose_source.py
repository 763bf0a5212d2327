"""Reads a user's Compose file through Compose, which resolves variables, includes and defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .yaml_tree import compose_documents

ComposeConfig = Callable[[Path, Mapping[str, str]], Mapping[str, Any]]
"""Runs `docker compose config` on a file with an environment and returns its JSON."""

_NAMED = ("networks", "volumes", "configs", "secrets")


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """Services by name, and the other top-level sections by kind (`networks`, ...); every `$` is doubled."""

    services: Mapping[str, Mapping[str, Any]]
    named: Mapping[str, Mapping[str, Any]]


def read_compose(file: Path, environment: Mapping[str, str], config: ComposeConfig) -> ComposeFile:
    """The file's content, with variables from `environment`; raises WrongUse if Compose rejects it."""
    compose_documents(file, str(file))  # only checks the size limits; Compose does the reading
    return from_config(config(file, environment))


def from_config(read: Mapping[str, Any]) -> ComposeFile:
    """Convert the JSON of `docker compose config`, removing names that Compose generates."""
    prefix = f"{read.get('name', '')}_"
    named = {kind: {name: _unnamed(body, prefix) for name, body in read.get(kind, {}).items()} for kind in _NAMED}
    # A fixed name would keep a second lab of this file from starting: it is unique on an engine.
    services = {name: _without(body, "container_name") for name, body in read["services"].items()}
    return ComposeFile(services, {kind: bodies for kind, bodies in named.items() if bodies})


def _unnamed(body: Mapping[str, Any] | None, prefix: str) -> dict[str, Any]:
    generated = str((body or {}).get("name", "")).startswith(prefix)
    return _without(body or {}, "name") if generated else dict(body or {})


def _without(body: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != key}

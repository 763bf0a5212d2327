"""A Compose file of the user's own, as Compose itself reads it: with its variables, includes and defaults filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .yaml_tree import compose_documents

ComposeConfig = Callable[[Path, Mapping[str, str]], Mapping[str, Any]]
"""Compose itself: what `docker compose config` answers for a file, with an environment."""

_NAMED = ("networks", "volumes", "configs", "secrets")


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """The services by name, and what stands beside them by kind (`networks`, ...); `$` stands doubled in all texts."""

    services: Mapping[str, Mapping[str, Any]]
    named: Mapping[str, Mapping[str, Any]]


def read_compose(file: Path, environment: Mapping[str, str], config: ComposeConfig) -> ComposeFile:
    """The file's services, with variables from `environment`; raises WrongUse for one that Compose refuses."""
    compose_documents(file, str(file))  # only to see that it is within bounds: Compose itself reads it
    return from_config(config(file, environment))


def from_config(read: Mapping[str, Any]) -> ComposeFile:
    """From the answer of `docker compose config`, without the names that it makes up."""
    prefix = f"{read.get('name', '')}_"
    named = {kind: {name: _unnamed(body, prefix) for name, body in read.get(kind, {}).items()} for kind in _NAMED}
    services = {name: _without(body, "container_name") for name, body in read["services"].items()}
    return ComposeFile(services, {kind: bodies for kind, bodies in named.items() if bodies})


def _unnamed(body: Mapping[str, Any] | None, prefix: str) -> dict[str, Any]:
    ours = str((body or {}).get("name", "")).startswith(prefix)
    return _without(body or {}, "name") if ours else dict(body or {})


def _without(body: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != key}

"""Reads a user's Compose project through Compose, which resolves files, variables, includes and defaults."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import WrongUse
from .yaml import Node, read_resolved
from .yaml_tree import compose_documents

ComposeConfig = Callable[[Sequence[str], Mapping[str, str], bool], tuple[str, Sequence[str]]]
"""Runs `docker compose config` with options and an environment; returns the project as YAML, and Compose's warnings.

The last argument is whether variables are substituted.
"""

EXTENSION = "x-synthlab"
"""The key under a service with the conditions of its network."""

_NAMED = ("networks", "volumes", "configs", "secrets")
_UNSET = re.compile(r'The \\?"([A-Za-z_][A-Za-z0-9_]*)\\?" variable is not set')
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeInput:
    """Which project Compose reads: its files (none: those that Compose finds itself), name and profiles."""

    files: tuple[Path, ...] = ()
    env_files: tuple[Path, ...] = ()
    project: str | None = None
    profiles: tuple[str, ...] = ()

    @property
    def shown_as(self) -> str:
        """The files as an error names them."""
        return ", ".join(map(str, self.files)) or "Compose's files"

    @property
    def options(self) -> list[str]:
        """Compose's own options for it."""
        pairs = [("-f", str(file)) for file in self.files]
        pairs += [("--env-file", str(file)) for file in self.env_files]
        pairs += [("--profile", profile) for profile in self.profiles]
        pairs += [("-p", self.project)] if self.project else []
        return [word for pair in pairs for word in pair]


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """Services by name, and the other top-level sections by kind (`networks`, ...); every `$` is doubled.

    `name` is the project's, `shown_as` its files. `conditions` has what services say under `x-synthlab`,
    `warnings` are Compose's, each once.
    """

    services: Mapping[str, Mapping[str, Any]]
    named: Mapping[str, Mapping[str, Any]]
    name: str = ""
    shown_as: str = field(default="the Compose file", compare=False)
    conditions: Mapping[str, Node] = field(default_factory=dict, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)


def read_files(node: Node, folder: Path) -> Iterator[Path]:
    """The Compose files that a stack names, one or a list; relative to `folder`."""
    entries = node.items("a Compose file, or a list of them") if isinstance(node.value, list) else [node]
    if not entries:
        node.wrong("is empty: name a Compose file")
    for entry in entries:
        file = folder / entry.text("a file")
        if not file.is_file():
            entry.wrong(f"no such file: {file}")
        yield file


def read_compose(source: ComposeInput, environment: Mapping[str, str], config: ComposeConfig) -> ComposeFile:
    """The project's content, with variables from `environment`; raises WrongUse if Compose rejects it."""
    for file in source.files:
        compose_documents(file, str(file))  # only checks the size limits; Compose does the reading
    try:
        text, warned = config(source.options, environment, True)
    except WrongUse as error:
        raise WrongUse(f"{source.shown_as}: {error.message}") from None
    warnings = tuple(dict.fromkeys(warned))
    if unset := set(_UNSET.findall("\n".join(warnings))):
        _refuse_unset_mounts(source, read_resolved(config(source.options, environment, False)[0], ""), unset)
    top = read_resolved(text, source.shown_as)
    services = top.value["services"].value if "services" in top.value else {}
    given = {name: body.value[EXTENSION] for name, body in services.items() if EXTENSION in body.value}
    conditions = {name: replace(node, value={}) if node.value is None else node for name, node in given.items()}
    read = from_config(top.plain())
    return ComposeFile(read.services, read.named, read.name, source.shown_as, conditions, warnings)


def from_config(read: Mapping[str, Any]) -> ComposeFile:
    """Convert what `docker compose config` wrote, removing names that Compose generates."""
    name = str(read.get("name", ""))
    named = {kind: {key: _unnamed(body, f"{name}_") for key, body in (read.get(kind) or {}).items()} for kind in _NAMED}
    # A fixed name would keep a second lab of this file from starting: it is unique on an engine. Within the lab it is
    # found as before. Profiles were chosen when Compose read the file.
    own = ("container_name", "profiles", EXTENSION)
    services = {key: _without(_found_by_name(body), *own) for key, body in (read.get("services") or {}).items()}
    return ComposeFile(services, {kind: bodies for kind, bodies in named.items() if bodies}, name)


def _found_by_name(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A service with its container's fixed name as a further name in its networks."""
    name = body.get("container_name")
    if not name or body.get("network_mode"):
        return body
    networks = {network: dict(own or {}) for network, own in (body.get("networks") or {"default": None}).items()}
    aliased = {network: own | {"aliases": [*own.get("aliases", ()), name]} for network, own in networks.items()}
    return {**body, "networks": aliased}


def _refuse_unset_mounts(source: ComposeInput, top: Node, unset: set[str]) -> None:
    """Raise WrongUse if a variable that is not set is part of a mount's path: it would lead to another folder."""
    for name, service in (top.plain().get("services") or {}).items():
        for mounted in _sources(service):
            for braced, bare in _VARIABLE.findall(mounted):
                if (variable := braced or bare) in unset:
                    raise WrongUse(
                        f"{source.shown_as}: services.{name}.volumes: {mounted}: the variable {variable} is not set: "
                        "export it, or write it into .env or a file for --env-file"
                    )


def _sources(service: Mapping[str, Any]) -> Iterator[str]:
    """The sources of a service's volumes, which may still be in the short form."""
    for volume in service.get("volumes") or ():
        yield str(volume.get("source", "")) if isinstance(volume, dict) else str(volume)


def _unnamed(body: Mapping[str, Any] | None, prefix: str) -> dict[str, Any]:
    generated = str((body or {}).get("name", "")).startswith(prefix)
    return _without(body or {}, "name") if generated else dict(body or {})


def _without(body: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in keys}

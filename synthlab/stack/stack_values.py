"""Values that replace those of a stack file: `sfu.version`, `clients.client2.network.profile`, `profile` for all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from .variables import Variables
from .yaml import Node, read_yaml

EVERY_PROFILE = "profile"
"""The key that stands for the profile of each client's network."""


def is_stack_key(name: str) -> bool:
    """Whether a name has the form of a key of a stack file: it is dotted, or EVERY_PROFILE."""
    return "." in name or name == EVERY_PROFILE


def with_values(top: Node, values: Mapping[str, str]) -> Node:
    """The top of a stack file with these values, by dotted key. Raises WrongUse for a key within what has none."""
    for key, text in values.items():
        for place in _places(top, key):
            top = top.with_value(place, text)
    return top


def images_of(stack: Path, repository: str) -> list[str]:
    """The dotted keys of a stack file's images that are of this repository, whatever their tags. Raises WrongUse."""
    top = read_yaml(stack, str(stack), Variables(os.environ, lenient=True))
    clients = _below(top, "clients")
    entries = {"sfu": _below(top, "").get("sfu"), **{f"clients.{name}": node for name, node in clients.items()}}
    images = {key: _below(node, "").get("image") for key, node in entries.items() if node}
    return [f"{key}.image" for key, node in images.items() if node and repository_of(node.written) == repository]


def repository_of(image: str) -> str:
    """The name of an image without its tag or digest: `ghcr.io/acme/app` of `ghcr.io/acme/app:1.2`."""
    name = image.partition("@")[0]
    return name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name


def _places(top: Node, key: str) -> Iterator[list[str]]:
    if key == EVERY_PROFILE:
        yield from (["clients", name, "network", "profile"] for name in _below(top, "clients"))
    else:
        yield key.split(".")


def _below(node: Node, key: str) -> dict[str, Node]:
    """The entries of a mapping, or of the one that a key of it leads to; empty if it is none."""
    entries = node.value if isinstance(node.value, dict) else {}
    return _below(entries[key], "") if key and key in entries else {} if key else dict(entries)

"""Traces and tables that lie on the host, where conditions name files: which are meant, and what is in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from syntheticnet.conditions import Unit, condition_fields

from .yamlfile import Node


def is_local(written: str, folder: Path = Path()) -> bool:
    """Whether a value means a file on the host: one that there is, or a path, which can be nothing else."""
    return "/" in written or (folder / written).is_file()


def read_local(path: Path, unit: Unit) -> str:
    """The text of a file of the kind that `unit` says; raises ValueError that names the file and what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
        if unit.read is not None:
            unit.read(text)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    return text


def take_local(node: Node, folder: Path, files: dict[str, str]) -> Node:
    """Conditions with each path of a local file replaced by the file's name; their texts are put into `files`.

    Paths start from `folder`. Raises WrongUse for a file that is not of its kind, or has the name of another.
    """
    if not isinstance(node.value, dict):
        return node
    units = {item.metadata["name"]: item.metadata["unit"] for item in condition_fields()}
    value: dict[str, Node] = {}
    for key, entry in node.value.items():
        is_file = key in units and units[key].name == "file" and isinstance(entry.value, str)
        value[key] = _named(entry, folder, units[key], files) if is_file else take_local(entry, folder, files)
    return replace(node, value=value)


def _named(node: Node, folder: Path, unit: Unit, files: dict[str, str]) -> Node:
    if not is_local(node.written, folder):
        return node
    path = folder / node.written
    try:
        text = read_local(path, unit)
    except ValueError as error:
        node.wrong(str(error))
    if files.setdefault(path.name, text) != text:
        node.wrong(f"another file is called {path.name}, too: rename one of them")
    return replace(node, value=path.name, written=path.name)

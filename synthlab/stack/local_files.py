"""Traces and tables that lie on the host, where conditions name files: which are meant, and what is in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from syntheticnet.conditions import MOST_BYTES, ConditionsError, Unit, condition_fields, refuse_crowd, size_of

from ..text.text_file import read_text_file
from .yaml import Node


def is_local(written: str, folder: Path = Path()) -> bool:
    """Whether a value means a file on the host: one that there is, or a path, which can be nothing else."""
    return "/" in written or (folder / written).is_file()


def read_local(path: Path, unit: Unit) -> str:
    """The text of a file of the kind that `unit` says; raises ValueError that names the file and what is wrong."""
    try:
        text = read_text_file(path, MOST_BYTES)
        unit.parse(path.name)
        if unit.read is not None:
            unit.read(text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return text


def add_local(path: Path, text: str, files: dict[str, str]) -> None:
    """Put the text into `files`, which one client gets, by its name.

    Raises ValueError where another file has that name, or where it is more than a client keeps.
    """
    if files.setdefault(path.name, text) != text:
        raise ValueError(f"another file is called {path.name}, too: rename one of them")
    try:
        refuse_crowd({name: size_of(kept) for name, kept in files.items()}, path.name)
    except ConditionsError as error:
        raise ValueError(str(error)) from None


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
        add_local(path, read_local(path, unit), files)
    except ValueError as error:
        node.wrong(str(error))
    return replace(node, value=path.name, written=path.name)

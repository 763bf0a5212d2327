"""Reads traces and tables on the host that conditions refer to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from syntheticnet.conditions import MOST_BYTES, ConditionsError, Unit, condition_fields, refuse_crowd, size_of

from ..text.text_file import read_text_file
from .yaml import Node


def is_local(written: str, folder: Path = Path()) -> bool:
    """Whether a value refers to a file on the host: an existing file, or anything with a slash."""
    return "/" in written or (folder / written).is_file()


def read_local(path: Path, unit: Unit) -> str:
    """The text of a file, checked as `unit` requires; raises ValueError naming the file."""
    try:
        text = read_text_file(path, MOST_BYTES)
        unit.parse(path.name)
        if unit.read is not None:
            unit.read(text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return text


def add_local(path: Path, text: str, files: dict[str, str]) -> None:
    """Add the text by file name to `files`, the files of one client.

    Raises ValueError if another file has that name, or if the files exceed what a client can store.
    """
    if files.setdefault(path.name, text) != text:
        raise ValueError(f"two files are named {path.name}; rename one of them")
    try:
        refuse_crowd({name: size_of(kept) for name, kept in files.items()}, path.name)
    except ConditionsError as error:
        raise ValueError(str(error)) from None


def take_local(node: Node, folder: Path, files: dict[str, str]) -> Node:
    """Replace each local path in conditions by its file name, and add the contents to `files`.

    Paths are relative to `folder`. Raises WrongUse for an invalid file or a duplicate name.
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

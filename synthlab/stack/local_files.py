"""Reads traces and tables on the host that conditions refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from syntheticnet.conditions import (
    MOST_BYTES,
    ConditionsError,
    FileValue,
    KeyPath,
    Unit,
    file_values,
    refuse_crowd,
    size_of,
)

from ..text.text_file import read_text_file
from .partial_change import put_value
from .yaml import Node

Refuse = Callable[[str], NoReturn]
"""Raises WrongUse with the location of the value; its argument says what is wrong."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A trace or table that a value refers to."""

    name: str
    text: str
    refuse: Refuse


def local_file(written: object, unit: Unit, refuse: Refuse, folder: Path = Path()) -> LocalFile | None:
    """The host's file that a value refers to: an existing file, or anything with a slash; None for any other value.

    Paths are relative to `folder`. Refuses a file that cannot be read, or is not of the unit's kind.
    """
    if not isinstance(written, str) or not ("/" in written or (folder / written).is_file()):
        return None
    path = folder / written
    try:
        text = read_text_file(path, MOST_BYTES)
        unit.parse(path.name)
        if unit.read is not None:
            unit.read(text.encode())
    except ValueError as error:
        refuse(f"{path}: {error}")
    return LocalFile(path.name, text, refuse)


def keep_file(file: LocalFile, files: dict[str, str]) -> None:
    """Add the text by file name to `files`, the files of one client.

    Refuses a second file of that name, and files that exceed what a client can store.
    """
    if files.setdefault(file.name, file.text) != file.text:
        file.refuse(f"two files are named {file.name}; rename one of them")
    try:
        refuse_crowd({name: size_of(text) for name, text in files.items()}, file.name)
    except ConditionsError as error:
        file.refuse(str(error))


def take_files(
    change: Mapping[str, Any], find: Callable[[FileValue], LocalFile | None], files: dict[str, str]
) -> dict[str, Any]:
    """Replace each value that `find` gives a local file for by its file name, and add the contents to `files`."""
    taken = dict(change)
    for place, name in _names(change, find, files):
        taken = put_value(taken, place, name)
    return taken


def take_local(node: Node, folder: Path, files: dict[str, str]) -> Node:
    """Replace each local path in conditions by its file name, and add the contents to `files`.

    Paths are relative to `folder`. Raises WrongUse, with its line, for an invalid file or a duplicate name.
    """

    def find(named: FileValue) -> LocalFile | None:
        return local_file(named.value, named.unit, node.at(named.place).wrong, folder)

    taken = node
    for place, name in _names(node.plain(), find, files):
        taken = taken.with_text(place, name)
    return taken


def _names(
    change: Mapping[str, Any], find: Callable[[FileValue], LocalFile | None], files: dict[str, str]
) -> Iterator[tuple[KeyPath, str]]:
    for named in file_values(change):
        if file := find(named):
            keep_file(file, files)
            yield named.place, file.name

"""Traces and tables on the host that conditions name: which are meant, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from syntheticnet.conditions import (
    MOST_BYTES,
    ConditionsError,
    FileValue,
    Place,
    Unit,
    file_values,
    refuse_crowd,
    size_of,
)

from ..text.text_file import read_text_file
from .partial_change import put_value
from .yaml import Node

Refuse = Callable[[str], NoReturn]
"""Raises WrongUse that says where the value is; it gets what is wrong."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A trace or table that a value names."""

    name: str
    text: str
    refuse: Refuse


def local_file(written: object, unit: Unit, refuse: Refuse, folder: Path = Path()) -> LocalFile | None:
    """The file on the host that a value means: one that exists, or a path. None where it names a file of the client.

    Paths start from `folder`. Refuses a file that cannot be read or is not of the unit's kind.
    """
    if not isinstance(written, str) or not ("/" in written or (folder / written).is_file()):
        return None
    path = folder / written
    try:
        text = read_text_file(path, MOST_BYTES)
        unit.parse(path.name)
        if unit.read is not None:
            unit.read(text)
    except ValueError as error:
        refuse(f"{path}: {error}")
    return LocalFile(path.name, text, refuse)


def keep_file(file: LocalFile, files: dict[str, str]) -> None:
    """Put a file among those of one client, by its name.

    Refuses a second file of that name, and more than a client keeps.
    """
    if files.setdefault(file.name, file.text) != file.text:
        file.refuse(f"another file is called {file.name}, too: rename one of them")
    try:
        refuse_crowd({name: size_of(text) for name, text in files.items()}, file.name)
    except ConditionsError as error:
        file.refuse(str(error))


def take_files(
    change: Mapping[str, Any], find: Callable[[FileValue], LocalFile | None], files: dict[str, str]
) -> dict[str, Any]:
    """The change with the names of the local files that `find` gives for its values; their texts go into `files`."""
    taken = dict(change)
    for place, name in _names(change, find, files):
        taken = put_value(taken, place, name)
    return taken


def take_local(node: Node, folder: Path, files: dict[str, str]) -> Node:
    """As `take_files`, for conditions in a file: paths start from `folder`, and mistakes are shown with their line."""

    def find(named: FileValue) -> LocalFile | None:
        return local_file(named.value, named.unit, node.at(named.place).wrong, folder)

    taken = node
    for place, name in _names(node.plain(), find, files):
        taken = taken.with_text(place, name)
    return taken


def _names(
    change: Mapping[str, Any], find: Callable[[FileValue], LocalFile | None], files: dict[str, str]
) -> Iterator[tuple[Place, str]]:
    for named in file_values(change):
        if file := find(named):
            keep_file(file, files)
            yield named.place, file.name

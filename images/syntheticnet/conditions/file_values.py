"""Which values of a change name files: the one walk that host and container use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from .link import condition_fields
from .units import FILE, Unit

KeyPath = tuple[str, ...]
"""The keys that lead to a value: `("flows", "*:udp", "egress", "rate_trace")`."""


class FileValue(NamedTuple):
    """A value that names a file, where it is, and the unit that reads the file."""

    place: KeyPath
    unit: Unit
    value: Any


def file_values(change: Mapping[str, Any], place: KeyPath = ()) -> Iterator[FileValue]:
    """Each value that names a file, in conditions or a change of them, or in a part of one such as a link's values."""
    for key, value in change.items():
        here = (*place, key)
        if isinstance(value, Mapping):
            yield from file_values(value, here)
        elif key in file_units() and value is not None:
            yield FileValue(here, file_units()[key], value)


@cache
def file_units() -> dict[str, Unit]:
    """The units of the conditions that name files, by the condition's name."""
    units = {item.metadata["name"]: item.metadata["unit"] for item in condition_fields()}
    return {name: unit for name, unit in units.items() if unit.name == FILE}

"""From the arguments of a `set` in code to the change of conditions that it asks for, and back again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from syntheticnet.conditions import DIRECTIONS, Conditions, LinkConditions, condition_fields

from ..errors import WrongUse
from ..stack.local_files import add_local, is_local, read_local
from ..stack.partial_change import merged

Value = str | float | bool | None
"""A condition as it is written in a file: `5%`, `80ms`, `1mbit`. None clears it."""
Values = Mapping[str, Value]
Flows = Mapping[str, Mapping[str, Any] | None]


def read_change(
    values: Values,
    ingress: Values | None = None,
    egress: Values | None = None,
    flows: Flows | None = None,
    flow: str | None = None,
    profile: str | None = None,
    seed: int | None = None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """The change, and the files that it names, by name.

    `values` are for both directions, of one `flow` if that is named; a `profile` replaces all values, and what else is
    named changes what it gives. Raises WrongUse for what is not there to be set, or cannot be read.
    """
    from ..stack.profiles import profile as find_profile

    start = find_profile(profile) if profile else None
    directions = DIRECTIONS if values or start else ()
    change = build_change(values, directions, flow, start.conditions if start else None, seed)
    sides = {"ingress": ingress, "egress": egress, "flows": flows}
    change = merged(change, {name: given for name, given in sides.items() if given is not None})
    if not change:
        raise WrongUse("nothing to set: give a value such as loss='5%', or a profile")
    files = dict(start.files) if start else {}
    return _take_files(change, files), files


def build_change(
    values: Mapping[str, Any],
    directions: Iterable[str],
    flow: str | None = None,
    profile: Conditions | None = None,
    seed: int | None = None,
) -> dict[str, Any]:
    """The partial change, in native form, that the flags of one `set` ask for.

    A profile replaces all values of a link, and the flags then change what it gives.
    """
    links = {direction: {**_values_of(profile, direction), **values} for direction in directions}
    change: dict[str, Any] = {"flows": {flow: links}} if flow else dict(links)
    return change if seed is None else change | {"seed": seed}


def _take_files(change: Mapping[str, Any], files: dict[str, str]) -> dict[str, Any]:
    """The change with the names of the local files that it gives paths of; their texts are put into `files`."""
    units = {item.metadata["name"]: item.metadata["unit"] for item in condition_fields()}
    taken: dict[str, Any] = {}
    for key, value in change.items():
        if isinstance(value, Mapping):
            taken[key] = _take_files(value, files)
        elif key in units and units[key].name == "file" and value is not None and is_local(str(value)):
            taken[key] = _take_file(Path(str(value)), units[key], files)
        else:
            taken[key] = value
    return taken


def _take_file(path: Path, unit: Any, files: dict[str, str]) -> str:
    try:
        add_local(path, read_local(path, unit), files)
    except ValueError as error:
        raise WrongUse(str(error)) from None
    return path.name


def _values_of(profile: Conditions | None, direction: str) -> dict[str, Any]:
    if profile is None:
        return {}
    link: LinkConditions = getattr(profile, direction)
    return {item.metadata["name"]: None for item in condition_fields()} | link.to_dict()

"""From the arguments of a `set` in code to the change of conditions that it asks for, and back again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from syntheticnet.conditions import DIRECTIONS, condition_fields

from .errors import WrongUse
from .localfiles import add_local, is_local, read_local

Value = str | float | bool | None
"""A condition as it is written in a file: `5%`, `80ms`, `1mbit`. None clears it."""
Values = Mapping[str, Value]
Flows = Mapping[str, Mapping[str, Any] | None]


def read_wish(
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
    from .flags import build_change
    from .profiles import profile as find_profile
    from .scenario.links import merged

    start = find_profile(profile) if profile else None
    directions = DIRECTIONS if values or start else ()
    change = build_change(values, directions, flow, start.conditions if start else None, seed)
    sides = {"ingress": ingress, "egress": egress, "flows": flows}
    change = merged(change, {name: given for name, given in sides.items() if given is not None})
    if not change:
        raise WrongUse("nothing to set: give a value such as loss='5%', or a profile")
    files = dict(start.files) if start else {}
    return _take_files(change, files), files


def undoing(change: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The change that gives back, to what `change` has named, the values of `before`; both in native form."""
    back: dict[str, Any] = {}
    for key, wished in change.items():
        old = before.get(key)
        if isinstance(wished, Mapping) and (isinstance(old, Mapping) or key in (*DIRECTIONS, "flows")):
            back[key] = undoing(wished, old or {})
        else:
            back[key] = old
    return back


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

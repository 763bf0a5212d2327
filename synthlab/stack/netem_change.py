"""The key `netem` in a change that is a plain mapping: replaced by the conditions that its text means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syntheticnet.conditions import DIRECTIONS

from ..errors import WrongUse
from .netem import EXAMPLE, KEY, Translation, translate


def expand_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a direction, above those that its `netem` means. Raises WrongUse."""
    own = {name: value for name, value in values.items() if name != KEY}
    return {**_read(values[KEY]).values, **own} if KEY in values else own


def expand_change(change: Mapping[str, Any]) -> dict[str, Any]:
    """A change with each `netem` of a direction or a flow's direction replaced. Raises WrongUse."""
    expanded = dict(change)
    for direction in DIRECTIONS:
        if isinstance(change.get(direction), Mapping):
            expanded[direction] = expand_values(change[direction])
    if isinstance(change.get("flows"), Mapping):
        flows = change["flows"].items()
        expanded["flows"] = {name: expand_change(flow) if isinstance(flow, Mapping) else flow for name, flow in flows}
    return expanded


def _read(text: object) -> Translation:
    if not isinstance(text, str):
        raise WrongUse(f"{KEY}: {text!r} is not a text such as {EXAMPLE}")
    try:
        return translate(text)
    except WrongUse as error:
        raise WrongUse(f"{KEY}: {error.message}") from None

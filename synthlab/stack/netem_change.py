"""The key `netem` in a change that is a plain mapping: replaced by the conditions that its text means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


def translations_in(change: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Translation]]:
    """Each `netem` of a change, with the path to it. Raises WrongUse."""
    for direction in DIRECTIONS:
        values = change.get(direction)
        if isinstance(values, Mapping) and KEY in values:
            yield f"{place}{direction}.{KEY}", _read(values[KEY])
    flows = change.get("flows")
    for name, flow in flows.items() if isinstance(flows, Mapping) else ():
        if isinstance(flow, Mapping):
            yield from translations_in(flow, f"{place}flows.{name}.")


def _read(text: object) -> Translation:
    if not isinstance(text, str):
        raise WrongUse(f"{KEY}: {text!r} is not a text such as {EXAMPLE}")
    try:
        return translate(text)
    except WrongUse as error:
        raise WrongUse(f"{KEY}: {error.message}") from None

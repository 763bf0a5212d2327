"""Partial changes of conditions, in native form: unnamed values are kept, None clears."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from syntheticnet.conditions import DIRECTIONS, Conditions

NAT = "nat"
"""One value, also where it is written as a mapping."""


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Merge a change into another: mappings key by key, other values replaced."""
    both = dict(base)
    for key, value in change.items():
        old = both.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and key != NAT:
            value = merged(old, value)
        both[key] = value
    return both


def put_value(change: Mapping[str, Any], place: Sequence[str], value: Any) -> dict[str, Any]:
    """A change with one value in place of another: `place` are the keys that lead to it."""
    key, *rest = place
    return {**change, key: put_value(change[key], rest, value) if rest else value}


def undoing(change: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The change that restores the values named in `change` to those in `before`; both in native form."""
    back, flows = _undoing(change, before), before.get("flows", {})
    removed = [name for name, flow in (change.get("flows") or {}).items() if flow is None and name in flows]
    if "order" in change or removed:
        back["order"] = list(flows)
    if "states" in before and Conditions.from_dict(before).changed(change).to_dict().get("states") != before["states"]:
        # The change took its values out of the states.
        back["states"] = before["states"]
    return back


def _undoing(change: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    back: dict[str, Any] = {}
    for key, requested in change.items():
        old = before.get(key)
        # Value by value even where there was nothing before: None for a whole link would clear what others have set
        # since.
        if key == "state" and old is None:
            continue  # it goes with the states
        parts = isinstance(old, Mapping) or key in (*DIRECTIONS, "flows", "dns")
        if key not in ("states", NAT) and isinstance(requested, Mapping) and parts:
            back[key] = _undoing(requested, old or {})
        else:
            back[key] = old
    return back

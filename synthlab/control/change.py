"""Builds the change of conditions that the arguments of `set` request, in code or on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from syntheticnet.conditions import (
    DIRECTIONS,
    Conditions,
    ConditionsError,
    FileValue,
    LinkConditions,
    Nat,
    condition_fields,
)

from ..errors import WrongUse
from ..stack.local_files import LocalFile, local_file, take_files
from ..stack.partial_change import merged

Value = str | float | bool | None
"""A condition as written in files: `5%`, `80ms`, `1mbit`. None clears it."""
Values = Mapping[str, Value]
Flows = Mapping[str, Mapping[str, Any] | None]
States = Mapping[str, Mapping[str, Any]]
Dns = Mapping[str, Mapping[str, str | None] | None]
"""By name: `{"turn.example": {"answer": "nxdomain"}}`; None removes a name or clears a value."""


def read_change(
    values: Values,
    ingress: Values | None = None,
    egress: Values | None = None,
    flows: Flows | None = None,
    flow: str | None = None,
    profile: str | None = None,
    seed: int | None = None,
    muted: bool | None = None,
    order: Sequence[str] = (),
    states: States | None = None,
    state: str | None = None,
    dns: Dns | None = None,
    nat: str | Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """The change, and the text of each file it uses, by file name.

    `values` apply to both directions, and like `muted` only to `flow` if given. A `profile` replaces all values; the
    other arguments override it. A `netem` among the values of a direction is replaced by what it means. The flows in
    `order` go first. Empty `states` end the walk, and an empty `dns` removes all names. Raises WrongUse for an empty
    change, an unknown profile or an unreadable file.
    """
    from ..stack.netem_change import expand_change
    from ..stack.profiles import find_profile

    start = find_profile(profile) if profile else None
    directions = DIRECTIONS if values or start else ()
    change = build_change(values, directions, flow, start.conditions if start else None, seed)
    sides = {"ingress": ingress, "egress": egress, "flows": flows}
    change = expand_change(merged(change, {name: side for name, side in sides.items() if side is not None}))
    if muted is not None:
        change = merged(change, {"flows": {flow: {"muted": muted}}} if flow else {"muted": muted})
    if order:
        change["order"] = list(order)
    if states is not None:
        change["states"] = states or None
    if state is not None:
        change["state"] = state
    if dns is not None:
        change["dns"] = dns or None
    if nat is not None:
        change["nat"] = _read_nat(nat)
    if not change:
        raise WrongUse("nothing to set: give a value such as loss='5%', or a profile")
    files = dict(start.files) if start else {}
    return take_files(change, _find_file, files), files


def _read_nat(written: object) -> Any:
    try:
        return Nat.parse(written).to_written()
    except ConditionsError as error:
        raise WrongUse(str(error)) from None


def build_change(
    values: Mapping[str, Any],
    directions: Iterable[str],
    flow: str | None = None,
    profile: Conditions | None = None,
    seed: int | None = None,
) -> dict[str, Any]:
    """The partial change, in native form, that the flags of one `set` request.

    A profile replaces all values of a link; the flags override it.
    """
    links = {direction: {**_values_of(profile, direction), **values} for direction in directions}
    change: dict[str, Any] = {"flows": {flow: links}} if flow else dict(links)
    return change if seed is None else change | {"seed": seed}


def _find_file(named: FileValue) -> LocalFile | None:
    return local_file(named.value, named.unit, _refuse)


def _refuse(message: str) -> NoReturn:
    raise WrongUse(message)


def _values_of(profile: Conditions | None, direction: str) -> dict[str, Any]:
    if profile is None:
        return {}
    link: LinkConditions = getattr(profile, direction)
    return {item.metadata["name"]: None for item in condition_fields()} | link.to_dict()

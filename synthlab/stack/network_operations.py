"""Partial changes that stop traffic: block a flow, partition two clients, take a link down."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from syntheticnet.conditions import DIRECTIONS, condition_fields

from ..errors import WrongUse, did_you_mean

PartialChange = dict[str, Any]
"""A partial change of one client's conditions, in native form."""

SILENT = "silent"
_REJECT = next(item for item in condition_fields() if item.metadata["name"] == "reject")
ANSWERS = (SILENT, *_REJECT.metadata["unit"].allowed.removeprefix("one of ").split(", "))
"""Answers to blocked packets: none for `silent`; a TCP RST for `reset`, port-unreachable for other protocols."""

BOTH, A_TO_B, B_TO_A = "both", "a-to-b", "b-to-a"
_LINKS: Mapping[str, tuple[str, ...]] = {BOTH: DIRECTIONS, A_TO_B: ("egress",), B_TO_A: ("ingress",)}
"""Links of end a that each direction blocks."""
PARTITION_DIRECTIONS = tuple(_LINKS)
_OPPOSITE = {A_TO_B: B_TO_A, B_TO_A: A_TO_B, BOTH: BOTH}
_BLOCKING = ("outage", "reject")
"""The conditions these operations set."""


def block(flow: str, answer: str = SILENT) -> PartialChange:
    """Drop every packet of a flow in both directions. Raises WrongUse for an unknown answer."""
    return {"flows": {flow: dict.fromkeys(DIRECTIONS, _refusal(answer))}}


def partition(
    a: str, b: str, conditioned: Collection[str], direction: str = BOTH, answer: str = SILENT
) -> tuple[str, PartialChange]:
    """The client to change, and its change, to separate a from b. The other end is not changed.

    The client is the first of a and b in `conditioned`. Raises WrongUse if neither is, if a is b, or for an unknown
    direction or answer.
    """
    _refuse_word("direction", direction, PARTITION_DIRECTIONS)
    refuse_same(a, b)
    # One end is enough, as what passes between both passes through the links of either.
    if a in conditioned:
        return a, _closed(b, direction, answer)
    if b in conditioned:
        return b, _closed(a, _OPPOSITE[direction], answer)
    raise WrongUse(f"partition: neither {a} nor {b} has conditions; one of them must be a client")


def refuse_same(a: str, b: str) -> None:
    """Raise WrongUse if both ends are the same."""
    if a == b:
        raise WrongUse(f"partition: '{a}' is both ends; name two clients, or a client and sfu")


def link_down() -> PartialChange:
    """Drop every packet in both directions."""
    return {direction: {"outage": True} for direction in DIRECTIONS}


def link_up() -> PartialChange:
    """Revert `link_down`."""
    return {direction: {"outage": None} for direction in DIRECTIONS}


def is_partition(change: Mapping[str, Any], other: str) -> bool:
    """Whether a change only separates a client from `other`, in one direction or both."""
    if change.keys() != {"flows"} or (change["flows"] or {}).keys() != {other}:
        return False
    links = change["flows"][other] or {}
    if not links or links.keys() - set(DIRECTIONS):
        return False
    return all(link and link.keys() == _blocking(link).keys() for link in links.values())


def heal(other: str, base: Mapping[str, Any], startup: Mapping[str, Any]) -> PartialChange | None:
    """The change that lets a client reach `other` again; None if nothing separates them.

    `base` are the client's conditions without leases, `startup` its stack's, in native form. The flow keeps its other
    values; it is removed if it has none and the stack does not define it.
    """
    flow = base.get("flows", {}).get(other, {})
    cleared = {name: _blocking(flow[name]) for name in DIRECTIONS if _blocking(flow.get(name, {}))}
    if not cleared:
        return None
    kept = "match" in flow or other in startup.get("flows", {})
    kept = kept or any(flow[name].keys() - cleared.get(name, {}) for name in DIRECTIONS if name in flow)
    return {"flows": {other: cleared if kept else None}}


def _refusal(answer: str) -> PartialChange:
    """Values of a link that passes nothing."""
    _refuse_word("answer", answer, ANSWERS)
    return {"outage": True} if answer == SILENT else {"reject": answer}


def _closed(other: str, direction: str, answer: str) -> PartialChange:
    return {"flows": {other: dict.fromkeys(_LINKS[direction], _refusal(answer))}}


def _blocking(link: Mapping[str, Any]) -> dict[str, None]:
    """The change that clears a link's blocking values."""
    return {name: None for name in _BLOCKING if link.get(name)}


def _refuse_word(where: str, word: str, allowed: Collection[str]) -> None:
    if word not in allowed:
        raise WrongUse(f"{where}: {word!r} is not one of {', '.join(allowed)}{did_you_mean(str(word), allowed)}")

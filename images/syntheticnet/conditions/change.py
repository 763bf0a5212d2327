"""A change of conditions, parsed once, for `Conditions.changed` to put in as often as it must."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import ConditionsError, refuse_unknown
from .flow import FlowMatch
from .link import LinkChange

DIRECTIONS = ("ingress", "egress")
RESERVED = "default"
"""No flow has this name: counters show the link's own under it."""

LinkChanges = Mapping[str, LinkChange | None]
"""By direction; None clears all values of one."""


@dataclass(frozen=True, slots=True)
class FlowChange:
    """What changes in one flow; a `match` of None leaves that of the flow."""

    links: LinkChanges
    match: FlowMatch | None = None

    @classmethod
    def parse(cls, name: str, written: object) -> FlowChange | None:
        """None removes the flow. Raises ConditionsError."""
        if written is None:
            return None
        if not isinstance(written, Mapping):
            raise ConditionsError(f"{written!r} is not a set of values such as {{egress: {{loss: 5%}}}}")
        if name == RESERVED:
            raise ConditionsError("is the name of the link's own values; choose another")
        if not name.isprintable():
            raise ConditionsError("is not a name of printable characters")
        refuse_unknown(written, ("match", *DIRECTIONS))
        return cls(_parse_links(written), _parse_match(written["match"]) if "match" in written else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionsChange:
    """A partial change of one client's conditions; a flow of None is removed, after all if `clears_flows`."""

    links: LinkChanges = field(default_factory=dict)
    flows: Mapping[str, FlowChange | None] = field(default_factory=dict)
    clears_flows: bool = False
    sets_seed: bool = False
    seed: int | None = None

    @classmethod
    def of(cls, change: object) -> ConditionsChange:
        """A change as people write it, or one that has been parsed; raises ConditionsError."""
        return change if isinstance(change, ConditionsChange) else cls.parse(change)

    @classmethod
    def parse(cls, written: object) -> ConditionsChange:
        if not isinstance(written, Mapping):
            raise ConditionsError(f"{written!r} is not a set of conditions with ingress, egress, flows or seed")
        refuse_unknown(written, (*DIRECTIONS, "flows", "seed"))
        flows = written.get("flows", {})
        return cls(
            links=_parse_links(written),
            flows={} if flows is None else _parse_flows(flows),
            clears_flows=flows is None,
            sets_seed="seed" in written,
            seed=_parse_seed(written.get("seed")),
        )


def _parse_links(written: Mapping[str, Any]) -> LinkChanges:
    links: dict[str, LinkChange | None] = {}
    for direction in DIRECTIONS:
        if direction in written:
            try:
                links[direction] = None if written[direction] is None else LinkChange.parse(written[direction])
            except ConditionsError as error:
                raise error.under(direction) from None
    return links


def _parse_flows(written: object) -> dict[str, FlowChange | None]:
    if not isinstance(written, Mapping):
        raise ConditionsError(
            f"{written!r} is not a set of flows such as {{'*:udp': {{egress: {{loss: 5%}}}}}}", "flows"
        )
    flows: dict[str, FlowChange | None] = {}
    for name, change in written.items():
        try:
            flows[str(name)] = FlowChange.parse(str(name), change)
        except ConditionsError as error:
            raise error.under(f"flows.{name}") from None
    return flows


def _parse_match(written: object) -> FlowMatch:
    try:
        return FlowMatch.parse(written)
    except ConditionsError as error:
        raise error.under("match") from None


def _parse_seed(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ConditionsError(f"{value!r} is not a whole number from 0 to 2^63-1", "seed")
    return value

"""A change of conditions, parsed once and applied by `Conditions.changed` any number of times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import ConditionsError, refuse_unknown
from .flow import FlowMatch
from .link import LinkChange
from .units import SWITCH

DIRECTIONS = ("ingress", "egress")
RESERVED = "default"
"""Not allowed as a flow name: counters use it for the link itself."""

LinkChanges = Mapping[str, LinkChange | None]
"""By direction; None clears all values of one."""


@dataclass(frozen=True, slots=True)
class FlowChange:
    """The change of one flow; a `match` or `muted` of None keeps the flow's own."""

    links: LinkChanges
    match: FlowMatch | None = None
    muted: bool | None = None

    @classmethod
    def parse(cls, name: str, written: object) -> FlowChange | None:
        """Parse a flow's change; None removes the flow. Raises ConditionsError."""
        if written is None:
            return None
        if not isinstance(written, Mapping):
            raise ConditionsError(f"{written!r} is not a mapping of values such as {{egress: {{loss: 5%}}}}")
        if name == RESERVED:
            raise ConditionsError("is reserved for the link's own values; choose another name")
        if not name.isprintable():
            raise ConditionsError("has characters that are not printable")
        refuse_unknown(written, ("match", *DIRECTIONS, "muted"))
        match = _parse_match(written["match"]) if "match" in written else None
        return cls(_parse_links(written), match, _parse_muted(written))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionsChange:
    """A partial change of one client's conditions; None removes a flow, `clears_flows` first removes all.

    `muted` is of the link, and None keeps it. The flows named in `order` go first, in this order.
    """

    links: LinkChanges = field(default_factory=dict)
    flows: Mapping[str, FlowChange | None] = field(default_factory=dict)
    clears_flows: bool = False
    order: tuple[str, ...] = ()
    muted: bool | None = None
    sets_seed: bool = False
    seed: int | None = None

    @classmethod
    def of(cls, change: object) -> ConditionsChange:
        """A written or already parsed change; raises ConditionsError."""
        return change if isinstance(change, ConditionsChange) else cls.parse(change)

    @classmethod
    def parse(cls, written: object) -> ConditionsChange:
        if not isinstance(written, Mapping):
            raise ConditionsError(f"{written!r} is not a mapping with ingress, egress, muted, flows, order or seed")
        refuse_unknown(written, (*DIRECTIONS, "muted", "flows", "order", "seed"))
        flows = written.get("flows", {})
        return cls(
            links=_parse_links(written),
            flows={} if flows is None else _parse_flows(flows),
            clears_flows=flows is None,
            order=_parse_order(written.get("order", [])),
            muted=_parse_muted(written),
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
            f"{written!r} is not a mapping of flows such as {{'*:udp': {{egress: {{loss: 5%}}}}}}", "flows"
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


def _parse_muted(written: Mapping[str, Any]) -> bool | None:
    if "muted" not in written:
        return None
    try:
        return bool(written["muted"] is not None and SWITCH.parse(written["muted"]))
    except ValueError as error:
        raise ConditionsError(str(error), "muted") from None


def _parse_order(written: object) -> tuple[str, ...]:
    if not isinstance(written, list | tuple) or not all(isinstance(name, str) for name in written):
        raise ConditionsError(f"{written!r} is not a list of flows such as ['sfu:rtp', '*:udp']", "order")
    for name, count in Counter(written).items():
        if count > 1:
            raise ConditionsError(f"{name!r} is listed {count} times; list each flow once", "order")
    return tuple(written)


def _parse_seed(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ConditionsError(f"{value!r} is not a whole number from 0 to 2^63-1", "seed")
    return value

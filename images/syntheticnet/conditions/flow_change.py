"""Changes of links and flows, parsed once: what a change of conditions and a state of a walk consist of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
        return cls(parse_links(written), match, parse_muted(written))

    def without(self, other: FlowChange) -> FlowChange:
        """This change without the values that `other` sets or clears."""
        return replace(self, links=links_without(self.links, other.links))

    def to_dict(self) -> dict[str, Any]:
        """The change in written form; `parse` reads it back."""
        match = {} if self.match is None else {"match": str(self.match)}
        muted = {} if self.muted is None else {"muted": self.muted}
        return match | write_links(self.links) | muted


def parse_links(written: Mapping[str, Any]) -> LinkChanges:
    links: dict[str, LinkChange | None] = {}
    for direction in DIRECTIONS:
        if direction in written:
            try:
                links[direction] = None if written[direction] is None else LinkChange.parse(written[direction])
            except ConditionsError as error:
                raise error.under(direction) from None
    return links


def links_without(links: LinkChanges, others: LinkChanges) -> LinkChanges:
    """The changes of links without the values that `others` set or clear."""
    kept = dict(links)
    for direction, other in others.items():
        own = kept.pop(direction, None)
        rest = own.without(other) if own is not None and other is not None else None
        if rest is not None and rest.values:
            kept[direction] = rest
    return kept


def write_links(links: LinkChanges) -> dict[str, Any]:
    """Changes of links in written form."""
    return {direction: None if change is None else change.to_dict() for direction, change in links.items()}


def parse_flows(written: object) -> dict[str, FlowChange | None]:
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


def parse_muted(written: Mapping[str, Any]) -> bool | None:
    if "muted" not in written:
        return None
    try:
        return bool(written["muted"] is not None and SWITCH.parse(written["muted"]))
    except ValueError as error:
        raise ConditionsError(str(error), "muted") from None

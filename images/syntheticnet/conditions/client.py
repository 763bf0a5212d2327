"""The conditions of one client: its two links and their flows; a change applies to all of it or to nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .errors import ConditionsError, refuse_unknown
from .flow import FlowMatch, Place
from .link import LinkConditions

DIRECTIONS = ("ingress", "egress")
MAX_FLOWS = 1000
Put = Callable[[LinkConditions, Any], LinkConditions]
"""How a change is put into the values of a link: as `changed` or `restored` of LinkConditions do."""

RESERVED = "default"
"""No flow has this name: counters show the link's own under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Packets that have values of their own in one or both directions; what they do not name is the link's."""

    name: str
    match: FlowMatch
    ingress: LinkConditions = field(default_factory=LinkConditions)
    egress: LinkConditions = field(default_factory=LinkConditions)

    def changed(self, change: Mapping[str, Any], put: Put = LinkConditions.changed) -> Flow:
        refuse_unknown(change, ("match", *DIRECTIONS))
        match = self.match
        if "match" in change:
            try:
                match = FlowMatch.parse(change["match"])
            except ConditionsError as error:
                raise error.under("match") from None
        return replace(self, match=match, **_changed_links(self, change, put))

    def to_dict(self) -> dict[str, Any]:
        match = {} if str(self.match) == self.name else {"match": str(self.match)}
        return match | _written_links(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The conditions of one client's network. `Conditions()` is the perfect network."""

    ingress: LinkConditions = field(default_factory=LinkConditions)
    egress: LinkConditions = field(default_factory=LinkConditions)
    flows: tuple[Flow, ...] = ()
    seed: int | None = None

    def __post_init__(self) -> None:
        if len(self.flows) > MAX_FLOWS:
            raise ConditionsError(f"{len(self.flows)} flows are more than {MAX_FLOWS}", "flows")

    @property
    def perfect(self) -> bool:
        """Whether nothing is impaired."""
        return not (self.ingress.to_dict() or self.egress.to_dict() or self.flows)

    def changed(self, change: object) -> Conditions:
        """These conditions with `change` put in, all of it or none; raises ConditionsError.

        `change` has the keys ingress, egress, flows and seed. What it does not name stays; a value of None clears;
        `flows` maps a flow's name (its expression, unless `match` gives that) to its change, None removes the flow.
        A changed flow that can never match is refused.
        """
        requested = self._with(change, LinkConditions.changed)
        if isinstance(change, Mapping) and change.get("flows"):
            _refuse_shadowed(requested.flows, changed=[str(name) for name in change["flows"]])
        return requested

    @classmethod
    def from_dict(cls, values: object) -> Conditions:
        """Conditions as people write them; what is not named is unimpaired. Raises ConditionsError.

        It reads all that `to_dict` writes: also a flow that an earlier one hides, which `/qos` has always allowed, and
        a value that is void since the one that it needs was cleared.
        """
        return cls()._with(values, LinkConditions.restored)

    def to_dict(self) -> dict[str, Any]:
        """All that is named, as people write it; `from_dict` reads it back."""
        written = _written_links(self)
        if self.flows:
            written["flows"] = {flow.name: flow.to_dict() for flow in self.flows}
        if self.seed is not None:
            written["seed"] = self.seed
        return written

    def _with(self, change: object, put: Put) -> Conditions:
        if not isinstance(change, Mapping):
            raise ConditionsError(f"{change!r} is not a set of conditions with ingress, egress, flows or seed")
        refuse_unknown(change, (*DIRECTIONS, "flows", "seed"))
        seed = _parse_seed(change["seed"]) if "seed" in change else self.seed
        flows = _changed_flows(self.flows, change["flows"], put) if "flows" in change else self.flows
        return replace(self, flows=flows, seed=seed, **_changed_links(self, change, put))


def _changed_links(owner: Flow | Conditions, change: Mapping[str, Any], put: Put) -> dict[str, Any]:
    links: dict[str, LinkConditions] = {}
    for direction in DIRECTIONS:
        if direction in change:
            try:
                requested = change[direction]
                links[direction] = LinkConditions() if requested is None else put(getattr(owner, direction), requested)
            except ConditionsError as error:
                raise error.under(direction) from None
    return links


def _written_links(owner: Flow | Conditions) -> dict[str, Any]:
    links = {direction: getattr(owner, direction).to_dict() for direction in DIRECTIONS}
    return {direction: values for direction, values in links.items() if values}


def _changed_flows(flows: tuple[Flow, ...], change: object, put: Put) -> tuple[Flow, ...]:
    if change is None:
        return ()
    if not isinstance(change, Mapping):
        raise ConditionsError(
            f"{change!r} is not a set of flows such as {{'*:udp': {{egress: {{loss: 5%}}}}}}", "flows"
        )
    by_name = {flow.name: flow for flow in flows}
    for name, requested in change.items():
        try:
            _change_flow(by_name, str(name), requested, put)
        except ConditionsError as error:
            raise error.under(f"flows.{name}") from None
    return tuple(by_name.values())


def _change_flow(by_name: dict[str, Flow], name: str, requested: object, put: Put) -> None:
    if requested is None:
        if by_name.pop(name, None) is None:
            raise ConditionsError(f"no such flow to remove; there are: {', '.join(by_name) or 'none'}")
        return
    if not isinstance(requested, Mapping):
        raise ConditionsError(f"{requested!r} is not a set of values such as {{egress: {{loss: 5%}}}}")
    if name == RESERVED:
        raise ConditionsError("is the name of the link's own values; choose another")
    if not name.isprintable():
        raise ConditionsError("is not a name of printable characters")
    flow = by_name.get(name) or Flow(name=name, match=FlowMatch.parse(requested.get("match", name)))
    by_name[name] = flow.changed(requested, put)


def _refuse_shadowed(flows: tuple[Flow, ...], changed: list[str]) -> None:
    """A changed flow that an earlier one hides would never match a packet: say so instead of accepting it."""
    names = set(changed)
    before: dict[Place, list[Flow]] = {}
    suspects: dict[Place, list[Flow]] = {}  # of the flows before, those that are changed
    for flow in flows:
        host, port = flow.match.place
        among = before if flow.name in names else suspects
        for place in {(host, port), (host, None), (None, port), (None, None)}:
            for earlier in among.get(place, ()):
                if not earlier.match.covers(flow.match):
                    continue
                raise ConditionsError(
                    f"never matches: the flow '{earlier.name}' before it takes all its packets; "
                    "clear that one (null in JSON, none in a scenario, else reset), and set this one first",
                    f"flows.{flow.name}",
                )
        for kept in (before, suspects) if flow.name in names else (before,):
            kept.setdefault((host, port), []).append(flow)


def _parse_seed(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ConditionsError(f"{value!r} is not a whole number from 0 to 2^63-1", "seed")
    return value

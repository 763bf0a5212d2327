"""The conditions of one client: its two links and their flows; a change applies to all of it or to nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .change import DIRECTIONS, ConditionsChange, FlowChange
from .errors import ConditionsError
from .flow import FlowMatch, Place
from .link import LinkChange, LinkConditions

MAX_FLOWS = 1000
Put = Callable[[LinkConditions, LinkChange], LinkConditions]
"""How a change is put into the values of a link: as `changed` or `restored` of LinkConditions do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Packets that have values of their own in one or both directions; what they do not name is the link's."""

    name: str
    match: FlowMatch
    ingress: LinkConditions = field(default_factory=LinkConditions)
    egress: LinkConditions = field(default_factory=LinkConditions)

    def changed(self, change: FlowChange, put: Put = LinkConditions.changed) -> Flow:
        return replace(self, match=change.match or self.match, **_changed_links(self, change.links, put))

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
        A changed flow that can never match is refused. A change that is put in several times can be parsed before.
        """
        parsed = ConditionsChange.of(change)
        requested = self._with(parsed, LinkConditions.changed)
        _refuse_shadowed(requested.flows, set(parsed.flows))
        return requested

    @classmethod
    def from_dict(cls, values: object) -> Conditions:
        """Conditions as people write them; what is not named is unimpaired. Raises ConditionsError.

        It reads all that `to_dict` writes: also a flow that an earlier one hides, which `/qos` has always allowed, and
        a value that is void since the one that it needs was cleared.
        """
        return cls()._with(ConditionsChange.of(values), LinkConditions.restored)

    def to_dict(self) -> dict[str, Any]:
        """All that is named, as people write it; `from_dict` reads it back."""
        written = _written_links(self)
        if self.flows:
            written["flows"] = {flow.name: flow.to_dict() for flow in self.flows}
        if self.seed is not None:
            written["seed"] = self.seed
        return written

    def _with(self, change: ConditionsChange, put: Put) -> Conditions:
        seed = change.seed if change.sets_seed else self.seed
        flows = _changed_flows(() if change.clears_flows else self.flows, change.flows, put)
        return replace(self, flows=flows, seed=seed, **_changed_links(self, change.links, put))


def _changed_links(owner: Flow | Conditions, changes: Mapping[str, LinkChange | None], put: Put) -> dict[str, Any]:
    links: dict[str, LinkConditions] = {}
    for direction, change in changes.items():
        try:
            links[direction] = LinkConditions() if change is None else put(getattr(owner, direction), change)
        except ConditionsError as error:
            raise error.under(direction) from None
    return links


def _written_links(owner: Flow | Conditions) -> dict[str, Any]:
    links = {direction: getattr(owner, direction).to_dict() for direction in DIRECTIONS}
    return {direction: values for direction, values in links.items() if values}


def _changed_flows(flows: tuple[Flow, ...], changes: Mapping[str, FlowChange | None], put: Put) -> tuple[Flow, ...]:
    if not changes:
        return flows
    by_name = {flow.name: flow for flow in flows}
    for name, change in changes.items():
        try:
            _change_flow(by_name, name, change, put)
        except ConditionsError as error:
            raise error.under(f"flows.{name}") from None
    return tuple(by_name.values())


def _change_flow(by_name: dict[str, Flow], name: str, change: FlowChange | None, put: Put) -> None:
    if change is None:
        if by_name.pop(name, None) is None:
            raise ConditionsError(f"no such flow to remove; there are: {', '.join(by_name) or 'none'}")
        return
    flow = by_name.get(name) or Flow(name=name, match=change.match or FlowMatch.parse(name))
    by_name[name] = flow.changed(change, put)


def _refuse_shadowed(flows: tuple[Flow, ...], names: set[str]) -> None:
    """A changed flow that an earlier one hides would never match a packet: say so instead of accepting it."""
    if not names:
        return
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

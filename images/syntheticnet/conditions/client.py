"""The conditions of one client: its two links and their flows, changed atomically."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .change import ConditionsChange
from .dns import MOST_NAMES, LookupValues, write_lookups
from .errors import ConditionsError
from .flow import FlowMatch, HostPort
from .flow_change import DIRECTIONS, FlowChange, LinkChanges
from .link import LinkChange, LinkConditions
from .nat import Nat
from .states import NetworkState, refuse_unreachable

MAX_FLOWS = 1000
Put = Callable[[LinkConditions, LinkChange], LinkConditions]
"""Applies a change to the values of a link: `changed`, `restored` or `under` of LinkConditions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Packets with their own values in one or both directions; values that are not set come from the link.

    A `muted` flow matches no packet, but keeps its values and its place among the flows.
    """

    name: str
    match: FlowMatch
    ingress: LinkConditions = field(default_factory=LinkConditions)
    egress: LinkConditions = field(default_factory=LinkConditions)
    muted: bool = False

    def changed(self, change: FlowChange, put: Put = LinkConditions.changed) -> Flow:
        muted = self.muted if change.muted is None else change.muted
        return replace(self, match=change.match or self.match, muted=muted, **_changed_links(self, change.links, put))

    def to_dict(self) -> dict[str, Any]:
        match = {} if str(self.match) == self.name else {"match": str(self.match)}
        return match | _written_links(self) | _written_muted(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """All conditions of one client's network. `Conditions()` impairs nothing.

    While `muted`, the values of the two links are kept but not in force; flows then lie over a perfect link. `states`
    are what a walk goes between; it is in `state`, or begins there. `dns` is what becomes of look-ups of names.
    `nat` is a router's; no other client has one.
    """

    ingress: LinkConditions = field(default_factory=LinkConditions)
    egress: LinkConditions = field(default_factory=LinkConditions)
    flows: tuple[Flow, ...] = ()
    seed: int | None = None
    muted: bool = False
    states: tuple[NetworkState, ...] = ()
    state: str | None = None
    dns: LookupValues = field(default_factory=dict)
    nat: Nat = field(default_factory=Nat)

    def __post_init__(self) -> None:
        if len(self.flows) > MAX_FLOWS:
            raise ConditionsError(f"{len(self.flows)} flows; at most {MAX_FLOWS} are allowed", "flows")
        if len(self.dns) > MOST_NAMES:
            raise ConditionsError(f"{len(self.dns)} names; at most {MOST_NAMES} are allowed", "dns")

    @property
    def perfect(self) -> bool:
        """Whether no values are set."""
        links = self.ingress.to_dict() or self.egress.to_dict()
        return not (links or self.flows or self.states or self.dns or self.nat != Nat())

    @property
    def pace(self) -> tuple[object, ...]:
        """What a walk between the states depends on, besides the seed: all but their values."""
        return (self.state, *((state.name, state.mean_ns, state.to) for state in self.states))

    def in_force(self) -> Conditions:
        """What is in force of them: in their state, and without what is muted; the same object if that is all."""
        present = self.in_state(self.state) if self.state else self
        if not present.muted and not any(flow.muted for flow in present.flows):
            return present
        flows = tuple(flow for flow in present.flows if not flow.muted)
        if present.muted:
            return Conditions(flows=flows, seed=present.seed, dns=present.dns, nat=present.nat)
        return replace(present, flows=flows)

    def each_state(self) -> tuple[Conditions, ...]:
        """These conditions, and those in each of their states."""
        return (self, *(self.in_state(state.name) for state in self.states))

    def in_state(self, name: str) -> Conditions:
        """The conditions in one state, without states; its values lie over the others. Raises ConditionsError."""
        state = next(state for state in self.states if state.name == name)
        try:
            over = self._put(ConditionsChange(links=state.links, flows=state.flows), LinkConditions.under)
        except ConditionsError as error:
            raise error.under(f"states.{name}") from None
        return replace(over, states=(), state=None)

    def changed(self, change: object) -> Conditions:
        """These conditions with all of `change` applied, or none of it; raises ConditionsError.

        `change` has the keys ingress, egress, muted, flows, order, states, state, dns, nat and seed. Missing keys keep
        their values, and None clears one. `flows` maps a flow's name (its expression, unless it has `match`) to its
        change; None removes the flow. `order` lists the flows that go first. A changed or moved flow that can never
        match is an error, and so is one that hides a later flow. `states` replaces all states; any other value of a
        link or flow that a change names is taken out of every state. A change applied several times can be parsed
        beforehand.
        """
        parsed = ConditionsChange.of(change)
        requested = self._with(parsed, LinkConditions.changed)
        _refuse_shadowed([flow for flow in requested.flows if not flow.muted], {*parsed.flows, *parsed.order})
        if parsed.sets_states:
            _refuse_idle_states(requested)
        return requested

    @classmethod
    def from_dict(cls, values: object) -> Conditions:
        """Parse conditions; what is missing is not impaired. Raises ConditionsError.

        Accepts everything `to_dict` writes, including a flow shadowed by an earlier one (which `/qos` allows) and a
        value that became void when the value it requires was cleared.
        """
        return cls()._with(ConditionsChange.of(values), LinkConditions.restored)

    def to_dict(self) -> dict[str, Any]:
        """All values that are set, in written form; `from_dict` reads it back."""
        values = _written_links(self) | _written_muted(self)
        if self.flows:
            values["flows"] = {flow.name: flow.to_dict() for flow in self.flows}
        if self.states:
            values |= {"states": {state.name: state.to_dict() for state in self.states}, "state": self.state}
        if self.dns:
            values["dns"] = write_lookups(self.dns)
        if self.nat != Nat():
            values["nat"] = self.nat.to_written()
        if self.seed is not None:
            values["seed"] = self.seed
        return values

    def _with(self, change: ConditionsChange, put: Put) -> Conditions:
        changed = replace(self._put(change, put), **self._changed_states(change))
        for state in changed.states:
            changed.in_state(state.name)
        return changed

    def _changed_states(self, change: ConditionsChange) -> dict[str, Any]:
        states = change.states if change.sets_states else self._masked_states(change)
        names = [state.name for state in states]
        if change.state is not None and change.state not in names:
            raise ConditionsError(
                f"no such state {change.state!r}; existing states: {', '.join(names) or 'none'}", "state"
            )
        begins = next(iter(names), None) if change.sets_states else self.state
        return {"states": states, "state": change.state or begins}

    def _masked_states(self, change: ConditionsChange) -> tuple[NetworkState, ...]:
        """The states without what a change names: what was said last counts, in every state."""
        return tuple(
            state.without(change.links, {**change.flows, **(dict.fromkeys(state.flows) if change.clears_flows else {})})
            for state in self.states
        )

    def _put(self, change: ConditionsChange, put: Put) -> Conditions:
        seed = change.seed if change.sets_seed else self.seed
        muted = self.muted if change.muted is None else change.muted
        flows = _changed_flows(() if change.clears_flows else self.flows, change.flows, put)
        flows = _ordered_flows(flows, change.order)
        dns, nat = change.dns.on(self.dns), self.nat if change.nat is None else change.nat
        links = _changed_links(self, change.links, put)
        return replace(self, flows=flows, seed=seed, muted=muted, dns=dns, nat=nat, **links)


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


def _written_muted(owner: Flow | Conditions) -> dict[str, Any]:
    return {"muted": True} if owner.muted else {}


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
            raise ConditionsError(f"no such flow; existing flows: {', '.join(by_name) or 'none'}")
        return
    flow = by_name.get(name) or Flow(name=name, match=change.match or FlowMatch.parse(name))
    by_name[name] = flow.changed(change, put)


def _ordered_flows(flows: tuple[Flow, ...], order: tuple[str, ...]) -> tuple[Flow, ...]:
    """The flows named in `order` first; the others keep their order."""
    if not order:
        return flows
    by_name = {flow.name: flow for flow in flows}
    for name in order:
        if name not in by_name:
            raise ConditionsError(f"no such flow {name!r}; existing flows: {', '.join(by_name) or 'none'}", "order")
    return tuple({name: by_name[name] for name in (*order, *by_name)}.values())


def _refuse_idle_states(conditions: Conditions) -> None:
    """Raise for a state that the walk never comes to, and for values of one that would have no effect."""
    try:
        if conditions.state is not None:
            refuse_unreachable(conditions.states, conditions.state)
        for state in conditions.states:
            _refuse_idle_values(conditions.in_state(state.name), state)
    except ConditionsError as error:
        raise error.under("states") from None


def _refuse_idle_values(present: Conditions, state: NetworkState) -> None:
    try:
        _refuse_void(present, state.links)
        for flow in present.flows:
            if flow.name in state.flows:
                _refuse_void(flow, state.flows[flow.name].links, f"flows.{flow.name}.")
        _refuse_shadowed([flow for flow in present.flows if not flow.muted], set(state.flows))
    except ConditionsError as error:
        raise error.under(state.name) from None


def _refuse_void(owner: Flow | Conditions, changes: LinkChanges, prefix: str = "") -> None:
    for direction, change in changes.items():
        void = getattr(owner, direction).void()
        for name in change.to_dict() if change else ():
            if name in void:
                raise ConditionsError(f"requires {void[name]}", f"{prefix}{direction}.{name}")


def _refuse_shadowed(flows: Sequence[Flow], names: set[str]) -> None:
    """Raise if a flow covers a later one, which would then never match a packet, and either is among `names`."""
    if not names:
        return
    # Indexed by host and port: comparing every pair of up to 1000 flows would take too long for a live change.
    before: dict[HostPort, list[Flow]] = {}
    suspects: dict[HostPort, list[Flow]] = {}  # the changed ones among the earlier flows
    for flow in flows:
        host, port = flow.match.place
        among = before if flow.name in names else suspects
        for place in {(host, port), (host, None), (None, port), (None, None)}:
            for earlier in among.get(place, ()):
                if not earlier.match.covers(flow.match):
                    continue
                raise ConditionsError(
                    f"never matches: the earlier flow '{earlier.name}' takes all its packets; "
                    "put this one first (order), or clear that one (null in JSON, none in a scenario, else reset)",
                    f"flows.{flow.name}",
                )
        for kept in (before, suspects) if flow.name in names else (before,):
            kept.setdefault((host, port), []).append(flow)

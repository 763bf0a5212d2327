"""States of a network and the means and weights of the walk between them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .duration import parse_duration, write_duration
from .errors import ConditionsError, refuse_unknown
from .flow_change import DIRECTIONS, FlowChange, LinkChanges, links_without, parse_flows, parse_links, write_links
from .nearest import nearest

LEAST_MEAN_NS, MOST_MEAN_NS = 10**8, 3600 * 10**9
MOST_STATES = 16
MOST_WEIGHT = 10**6
EXAMPLE = "{good: {mean: 20s}, bad: {mean: 5s, egress: {loss: 5%}}}"
STATE_KEYS = ("mean", "to", *DIRECTIONS, "flows")

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkState:
    """Values that lie over the others while the walk is in this state, for `mean_ns` on average.

    `to` has the weights of the states that may follow; if it is empty, each other state is equally likely.
    """

    name: str
    mean_ns: int
    to: Mapping[str, float]
    links: LinkChanges
    flows: Mapping[str, FlowChange]

    def without(self, links: LinkChanges, flows: Mapping[str, FlowChange | None]) -> NetworkState:
        """This state without the values that these changes set or clear; a flow of None is removed."""
        kept = {name: flow for name, flow in self.flows.items() if name not in flows}
        rest = {name: own.without(other) for name, own in self.flows.items() if (other := flows.get(name)) is not None}
        return replace(self, links=links_without(self.links, links), flows=kept | rest)

    def to_dict(self) -> dict[str, Any]:
        """The state in written form, without its name."""
        to = {"to": dict(self.to)} if self.to else {}
        flows = {"flows": {name: flow.to_dict() for name, flow in self.flows.items()}} if self.flows else {}
        return {"mean": write_duration(self.mean_ns)} | to | write_links(self.links) | flows


def parse_states(written: object) -> tuple[NetworkState, ...]:
    """The states by name: `{good: {mean: 20s}, bad: {mean: 5s, egress: {loss: 5%}}}`; raises ConditionsError."""
    entries = _entries(written)
    states = []
    for name, entry in entries.items():
        try:
            states.append(_parse_state(name, entry, tuple(entries)))
        except ConditionsError as error:
            raise error.under(name) from None
    return tuple(states)


def refuse_unreachable(states: tuple[NetworkState, ...], start: str) -> None:
    """Raise ConditionsError for a state that no walk from `start` ever comes to."""
    names = {state.name for state in states}
    following = {state.name: set(state.to) or names - {state.name} for state in states}
    reached, ahead = {start}, [start]
    while ahead:
        new = following[ahead.pop()] - reached
        reached |= new
        ahead += new
    for state in states:
        if state.name not in reached:
            raise ConditionsError(f"is never reached from {start}; name it in the `to` of another state", state.name)


def _entries(written: object) -> Mapping[str, Any]:
    if not isinstance(written, Mapping):
        raise ConditionsError(f"{written!r} is not a mapping of states such as {EXAMPLE}")
    if not 2 <= len(written) <= MOST_STATES:
        raise ConditionsError(f"has {len(written)} states; 2 to {MOST_STATES} are allowed, such as {EXAMPLE}")
    for name in written:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ConditionsError(f"{name!r} is not a name: use at most 32 letters, digits, - and _")
    return written


def _parse_mean(written: object) -> int:
    mean_ns = parse_duration(written)
    if not LEAST_MEAN_NS <= mean_ns <= MOST_MEAN_NS:
        raise ConditionsError(f"{written!r} is not between {write_duration(LEAST_MEAN_NS)} and 1h")
    return mean_ns


def _parse_weights(written: object, name: str, names: tuple[str, ...]) -> dict[str, float]:
    if not isinstance(written, Mapping) or not written:
        raise ConditionsError(f"{written!r} is not a mapping of states and weights such as {{good: 3, gone: 1}}")
    others = [other for other in names if other != name]
    for other, weight in written.items():
        if other not in others:
            what = "is this state itself" if other == name else "no such state"
            near = nearest(str(other), others)
            hint = f"; did you mean {near}?" if near and other != name else ""
            raise ConditionsError(f"{what}{hint}; allowed: {', '.join(others)}", str(other))
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= MOST_WEIGHT:
            raise ConditionsError(f"{weight!r} is not a number above 0 and up to {MOST_WEIGHT}", str(other))
    return dict(written)


def _parse_state(name: str, written: object, names: tuple[str, ...]) -> NetworkState:
    if not isinstance(written, Mapping):
        raise ConditionsError(f"{written!r} is not a state such as {{mean: 5s, egress: {{loss: 5%}}}}")
    refuse_unknown(written, STATE_KEYS)
    if "mean" not in written:
        raise ConditionsError("has no mean: the mean time in this state, such as mean: 5s")
    try:
        mean_ns = _parse_mean(written["mean"])
    except ConditionsError as error:
        raise error.under("mean") from None
    try:
        to = _parse_weights(written["to"], name, names) if "to" in written else {}
    except ConditionsError as error:
        raise error.under("to") from None
    links = parse_links(written)
    _refuse_cleared(links)
    return NetworkState(name=name, mean_ns=mean_ns, to=to, links=links, flows=_parse_flows(written.get("flows", {})))


def _parse_flows(written: object) -> dict[str, FlowChange]:
    flows: dict[str, FlowChange] = {}
    for name, flow in parse_flows(written).items():
        try:
            if flow is None:
                raise ConditionsError("a state cannot remove a flow; clear its values one by one")
            if flow.muted is not None:
                raise ConditionsError("a state cannot mute a flow; clear its values one by one", "muted")
            _refuse_cleared(flow.links)
        except ConditionsError as error:
            raise error.under(f"flows.{name}") from None
        flows[name] = flow
    return flows


def _refuse_cleared(links: LinkChanges) -> None:
    for direction, change in links.items():
        if change is None:
            raise ConditionsError("a state clears values one by one, such as {loss: null}", direction)

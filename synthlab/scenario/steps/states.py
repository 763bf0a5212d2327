"""`states`: walk between whole sets of conditions, with given mean times; the same seed gives the same walk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from syntheticnet.conditions import (
    ConditionsError,
    NetworkState,
    first_stay,
    next_stay,
    parse_states,
    refuse_unreachable,
    write_duration,
)

from ...stack.mistakes import Mistakes
from ...stack.yaml import Node
from ...text.durations import SECOND_NS, format_duration
from .. import keys
from ..conditions_reader import link_change, link_keys, split_files, written
from ..conditions_schema import SIDES, VALUES, states_schema
from ..formatting import doc_text, joined
from ..model import Planner, StepPlan
from ..step_kind import Context, StepArgs, StepKind
from ..value_ranges import LEAST_EVERY_NS, MOST_POINTS, Timeline

LEAST_MEAN_NS = SECOND_NS
_SEED_BITS = 63
_TIMES = ("mean", "to")
_VALUES = link_keys(written, VALUES)


@dataclass(frozen=True, slots=True)
class Walk:
    """The states, without their values, and each one's change of conditions."""

    states: tuple[NetworkState, ...]
    changes: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatesStep:
    """All clients are in the same state at any time, at first in the first one. Finishes when that is in force.

    A stay lasts 100 ms at least, the shortest that a lease may: with a mean of a second, that makes it 0.5 % longer.
    """

    clients: tuple[str, ...]
    walk: Walk
    for_ns: int
    files: Mapping[str, str] = field(default_factory=dict)

    def plan(self, planner: Planner) -> StepPlan:
        stays = tuple(self._stays(planner))
        points = tuple((at_ns, self.walk.changes[name]) for at_ns, name in stays)
        timeline = Timeline(clients=self.clients, points=points, lasts_ns=self.for_ns, files=self.files)
        return StepPlan(actions=timeline.actions(planner), stays=stays)

    def _stays(self, planner: Planner) -> Iterator[tuple[int, str]]:
        """When each stay begins, and in which state."""
        states, seed, at_ns = self.walk.states, planner.random.getrandbits(_SEED_BITS), 0
        stay = first_stay(states, states[0].name, seed)
        while at_ns < self.for_ns:
            yield at_ns, stay.state
            at_ns += max(stay.lasts_ns, LEAST_EVERY_NS)
            stay = next_stay(states, stay, seed)

    def __str__(self) -> str:
        states = [
            f"{state.name} (mean {write_duration(state.mean_ns)}): {doc_text(self.walk.changes[state.name])}"
            for state in self.walk.states
        ]
        return f"states {joined(self.clients)}: {' | '.join(states)}, for {format_duration(self.for_ns)}"


def _read_walk(node: Node, context: Context) -> Walk:
    """The states of the step; raises WrongUse with the line of each mistake."""
    changes: dict[str, Mapping[str, Any]] = {}
    times: dict[str, dict[str, Any]] = {}
    mistakes = Mistakes()
    for name, entry in node.mapping(what="states such as {good: {mean: 20s}, bad: {mean: 5s}}").items():
        with mistakes.noted():
            own = entry.mapping((*_TIMES, *SIDES, "flows"), "a state such as {mean: 5s, egress: {loss: 5%}}")
            times[name] = {key: own[key].plain() for key in _TIMES if key in own}
            changes[name] = _read_change(own, context)
    mistakes.report()
    try:
        states = parse_states(times)
        refuse_unreachable(states, states[0].name)
    except ConditionsError as error:
        node.wrong_at(error)
    for state in states:
        if state.mean_ns < LEAST_MEAN_NS:
            node.wrong_at(ConditionsError("must be at least 1s in a step", f"{state.name}.mean"))
    return Walk(states, changes)


def _read_change(keys: Mapping[str, Node], context: Context) -> dict[str, Any]:
    mistakes, values = Mistakes(), dict[str, Any]()
    for key in [key for key in _VALUES if key in keys]:
        with mistakes.noted():
            values[key] = _VALUES[key].read(keys[key], context)
    mistakes.report()
    return link_change(values)


def _build(read: StepArgs) -> StatesStep:
    walk, for_ns = read.get("walk"), read.get("for")
    if for_ns > MOST_POINTS * min(state.mean_ns for state in walk.states):
        read.wrong("for", f"would result in more than {MOST_POINTS} changes; decrease it")
    changes, files = split_files(walk.changes)
    return StatesStep(clients=read.get("states"), walk=Walk(walk.states, changes), for_ns=for_ns, files=files)


KIND = StepKind(
    name="states",
    help="walk between whole sets of conditions at random",
    keys={
        "states": keys.clients("clients, groups or all"),
        "walk": keys.plain(
            _read_walk,
            states_schema(SIDES),
            "the states by name, the first one first: mean time, values, and weights of the states that follow",
            required=True,
        ),
        "for": keys.time("duration", LEAST_EVERY_NS, required=True),
    },
    build=_build,
)

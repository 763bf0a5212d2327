"""The conditions that will be in force at each time of a plan, if every step is played on time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from syntheticnet.conditions import Conditions

from ..scenario import Place, Plan, SimulatedLeases, timeline
from ..scenario.actions import Baseline, Change, Container, Exec, Http, Judge, Load, Reset
from ..scenario.record import Configured
from ..text.durations import ns_of, seconds_of


def forecast(plan: Plan, ends_s: float) -> tuple[Configured, ...]:
    """From 0 to `ends_s`, with every expectation decided as early as it can be; the plan is one that was rehearsed."""
    networks = plan.scenario.stack.networks
    clients = {name: _Story(SimulatedLeases(name, network.conditions)) for name, network in networks.items()}
    for event in timeline(plan.track):
        match event.action:
            case Change() | Reset() as change:
                for name in change.clients:
                    clients[name].play(event.at_ns, change, event.run.place)
            case Judge() | Baseline() | Container() | Load() | Exec() | Http():
                pass  # leaves the conditions as they are
            case _:
                assert_never(event.action)
    return tuple(entry for story in clients.values() for entry in story.told(ends_s))


@dataclass(slots=True)
class _Story:
    """What the conditions of one client were at each time when they changed."""

    layers: SimulatedLeases
    told_ns: dict[int, Conditions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.told_ns[0] = self.layers.conditions()

    def play(self, at_ns: int, action: Change | Reset, place: Place) -> None:
        self._expire(at_ns)
        if isinstance(action, Reset):
            self.layers.clear()
        else:
            self.layers.put(at_ns, action, place)
        self.told_ns[at_ns] = self.layers.conditions()

    def told(self, ends_s: float) -> Iterator[Configured]:
        """All that was in force, until a time at which nothing more ends."""
        self._expire(ns_of(ends_s))
        for at_ns, conditions in sorted(self.told_ns.items()):
            yield Configured(at_s=seconds_of(at_ns), client=self.layers.client, conditions=conditions.to_dict())

    def _expire(self, now_ns: int) -> None:
        for ended_ns in self.layers.ended(now_ns):
            self.told_ns[ended_ns] = self.layers.conditions()

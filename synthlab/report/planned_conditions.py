"""The conditions that will be in force at each time of a plan, if every step is played on time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from syntheticnet.conditions import Conditions

from ..scenario import Place, Plan, SimulatedLeases, timeline
from ..scenario.actions import Baseline, Change, Container, Exec, Http, Judge, Reset, Traffic
from ..scenario.record import Configured


def forecast(plan: Plan, ends_s: float) -> tuple[Configured, ...]:
    """From 0 to `ends_s`, with every expectation decided as early as it can be; the plan is one that was rehearsed."""
    networks = plan.scenario.stack.networks
    clients = {name: _Story(SimulatedLeases(name, network.conditions)) for name, network in networks.items()}
    for event in timeline(plan.track):
        match event.action:
            case Change() | Reset() as change:
                for name in change.clients:
                    clients[name].play(event.at_s, change, event.run.place)
            case Judge() | Baseline() | Container() | Traffic() | Exec() | Http():
                pass  # leaves the conditions as they are
            case _:
                assert_never(event.action)
    return tuple(entry for story in clients.values() for entry in story.configured(ends_s))


@dataclass(slots=True)
class _Story:
    """What the conditions of one client were at each time when they changed."""

    layers: SimulatedLeases
    configured_s: dict[float, Conditions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.configured_s[0.0] = self.layers.conditions()

    def play(self, at_s: float, action: Change | Reset, place: Place) -> None:
        self._expire(at_s)
        if isinstance(action, Reset):
            self.layers.clear()
        else:
            self.layers.put(at_s, action, place)
        self.configured_s[at_s] = self.layers.conditions()

    def configured(self, ends_s: float) -> Iterator[Configured]:
        """All that was in force, until a time at which nothing more ends."""
        self._expire(ends_s)
        for at_s, conditions in sorted(self.configured_s.items()):
            yield Configured(at_s=at_s, client=self.layers.client, conditions=conditions.to_dict())

    def _expire(self, now_s: float) -> None:
        for ended_s in self.layers.ended(now_s):
            self.configured_s[ended_s] = self.layers.conditions()

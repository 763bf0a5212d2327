"""Forecasts the conditions in force over the time of a plan, assuming every step is played on time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from syntheticnet.conditions import Conditions

from ..scenario import Place, Plan, SimulatedLeases, timeline
from ..scenario.actions import Baseline, Change, Container, Exec, Http, Judge, Load, Reset
from ..scenario.record import Configured


def forecast(plan: Plan, ends_s: float) -> tuple[Configured, ...]:
    """The conditions from 0 to `ends_s`, if every expectation is decided as early as possible; needs a checked plan."""
    networks = plan.scenario.stack.networks
    clients = {name: _Story(SimulatedLeases(name, network.conditions)) for name, network in networks.items()}
    for event in timeline(plan.track):
        match event.action:
            case Change() | Reset() as change:
                for name in change.clients:
                    clients[name].play(event.at_s, change, event.run.place)
            case Judge() | Baseline() | Container() | Load() | Exec() | Http():
                pass  # leaves the conditions as they are
            case _:
                assert_never(event.action)
    return tuple(entry for story in clients.values() for entry in story.entries(ends_s))


@dataclass(slots=True)
class _Story:
    """The conditions of one client at each time they change."""

    layers: SimulatedLeases
    changes: dict[float, Conditions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.changes[0.0] = self.layers.conditions()

    def play(self, at_s: float, action: Change | Reset, place: Place) -> None:
        self._expire(at_s)
        if isinstance(action, Reset):
            self.layers.clear()
        else:
            self.layers.put(at_s, action, place)
        self.changes[at_s] = self.layers.conditions()

    def entries(self, ends_s: float) -> Iterator[Configured]:
        """All changes up to `ends_s`, including leases that expire by then."""
        self._expire(ends_s)
        for at_s, conditions in sorted(self.changes.items()):
            yield Configured(at_s=at_s, client=self.layers.client, conditions=conditions.to_dict())

    def _expire(self, now_s: float) -> None:
        for ended_s in self.layers.ended(now_s):
            self.changes[ended_s] = self.layers.conditions()

"""Forecasts the conditions in force over the time of a plan, assuming every step is played on time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from syntheticnet.conditions import Conditions

from ..scenario import Place, Plan, SimulatedLeases, timeline
from ..scenario.actions import Baseline, Change, ContainerChange, Exec, Http, Judge, Reset, Roam, Traffic
from ..scenario.record import Configured
from ..text.durations import ns_of, seconds_of


def plan_conditions(plan: Plan, ends_s: float) -> tuple[Configured, ...]:
    """The conditions from 0 to `ends_s`, if every expectation is decided as early as possible; needs a checked plan."""
    networks = plan.scenario.stack.networks
    clients = {name: _Story(SimulatedLeases(name, network.conditions)) for name, network in networks.items()}
    for event in timeline(plan.track):
        match event.action:
            case Change() | Reset() as change:
                for name in change.clients:
                    clients[name].play(event.at_ns, change, event.run.place)
            case Judge() | Baseline() | ContainerChange() | Roam() | Traffic() | Exec() | Http():
                pass  # leaves the conditions as they are
            case _:
                assert_never(event.action)
    return tuple(entry for story in clients.values() for entry in story.configured(ends_s))


@dataclass(slots=True)
class _Story:
    """The conditions of one client at each time they change."""

    leases: SimulatedLeases
    configured_ns: dict[int, Conditions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.configured_ns[0] = self.leases.conditions()

    def play(self, at_ns: int, action: Change | Reset, place: Place) -> None:
        self._expire(at_ns)
        if isinstance(action, Reset):
            self.leases.clear()
        else:
            self.leases.put(at_ns, action, place)
        self.configured_ns[at_ns] = self.leases.conditions()

    def configured(self, ends_s: float) -> Iterator[Configured]:
        """All changes up to `ends_s`, including leases that expire by then."""
        self._expire(ns_of(ends_s))
        for at_ns, conditions in sorted(self.configured_ns.items()):
            yield Configured(at_s=seconds_of(at_ns), client=self.leases.client, conditions=conditions.to_dict())

    def _expire(self, now_ns: int) -> None:
        for ended_ns in self.leases.ended(now_ns):
            self.configured_ns[ended_ns] = self.leases.conditions()

"""The conditions that will be in force at each time of a plan, if every step is played on time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from syntheticnet.conditions import Conditions

from ..scenario import Plan, timeline
from ..scenario.actions import Change, Reset
from ..scenario.record import Configured
from ..stack import SFU_HOST, Sfu


def forecast(plan: Plan, ends_s: float) -> tuple[Configured, ...]:
    """From 0 to `ends_s`, with every expectation decided as early as it can be; the plan is one that was rehearsed."""
    clients = {client.name: _Layers(client.conditions) for client in plan.scenario.stack.clients}
    sfu = plan.scenario.stack.sfu
    if isinstance(sfu, Sfu) and sfu.conditions is not None:
        clients[SFU_HOST] = _Layers(sfu.conditions)
    for event in timeline(plan):
        if isinstance(event.action, Change | Reset):
            for name in event.action.clients:
                clients[name].play(event.at_s, event.action)
    return tuple(entry for name, layers in clients.items() for entry in layers.told(name, ends_s))


@dataclass(slots=True)
class _Layers:
    """What is put on one client's own conditions, in order, and what they were at each time when that changed."""

    base: Conditions
    layers: dict[str, tuple[Change, float | None]] = field(default_factory=dict)
    told_s: dict[float, Conditions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.told_s[0.0] = self.base

    def play(self, at_s: float, action: Change | Reset) -> None:
        self._expire(at_s)
        if isinstance(action, Reset):
            self.layers.clear()
        else:
            self.layers.pop(action.layer, None)
            self.layers[action.layer] = (action, None if action.lease_s is None else at_s + action.lease_s)
        self.told_s[at_s] = self._now()

    def told(self, client: str, ends_s: float) -> Iterator[Configured]:
        """All that was in force, until a time at which nothing more ends."""
        self._expire(ends_s)
        for at_s, conditions in sorted(self.told_s.items()):
            yield Configured(at_s=at_s, client=client, conditions=conditions.to_dict())

    def _expire(self, now_s: float) -> None:
        ending = sorted((ends_s, id) for id, (_, ends_s) in self.layers.items() if ends_s is not None)
        for ends_s, id in ending:
            if ends_s <= now_s:
                del self.layers[id]
                self.told_s[ends_s] = self._now()

    def _now(self) -> Conditions:
        conditions = self.base
        for change, _ in self.layers.values():
            given = change.change
            conditions = Conditions.from_dict(given) if change.whole else conditions.changed(given)
        return conditions

"""Dry run: walks a plan without a lab, once with every expectation decided early and once with every one late.

It finds mistakes that depend on other steps: changes that do not fit the conditions in force, containers that are
stopped or paused, and expectations on a baseline that is not taken yet, or on traffic that is never sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import assert_never

from syntheticnet.conditions import ConditionsError, refuse_crowd, size_of

from ..errors import did_you_mean
from ..stack import Stack
from ..text.durations import format_duration
from .actions import Baseline, Change, ContainerChange, Exec, Http, Judge, Reset, Roam, Traffic
from .expression import TRAFFIC
from .model import Place
from .plan import Plan
from .simulated_leases import SimulatedLeases
from .timeline import Event, timeline


def dry_run(plan: Plan) -> None:
    """Raise WrongUse at the first step that would fail at its time."""
    for late in (False, True) if plan.track.least_ns != plan.track.most_ns else (False,):
        stage = _Stage(plan.scenario.stack, _traffic_of(plan))
        for event in timeline(plan.track, late):
            stage.play(event)
        # A lease that ends after the last step can leave values that do not fit each other, too.
        stage.expire(plan.most_ns if late else plan.least_ns)


def _traffic_of(plan: Plan) -> dict[str, None]:
    """The traffic that a plan sends, as in numbers: `client2.traffic.tcp`."""
    actions = (timed.action for visit in plan.visits() for timed in visit.run.actions)
    return {f"{one.client}.{TRAFFIC}.{one.name}": None for one in actions if isinstance(one, Traffic)}


class _Stage:
    """The simulated lab: conditions in force, files, containers that are down, baseline; and the plan's `traffic`."""

    def __init__(self, stack: Stack, traffic: Collection[str]) -> None:
        self._traffic = traffic
        networks = stack.networks
        self._clients = {name: SimulatedLeases(name, network.conditions) for name, network in networks.items()}
        self._files = {
            owner: {name: size_of(text) for name, text in network.files.items()} for owner, network in networks.items()
        }
        self._down: dict[str, tuple[str, Place]] = {}
        self._baseline_ns: int | None = None
        self._uplinks = {client.name: client.uplink for client in stack.clients}
        self._at_start = dict(self._uplinks)

    def play(self, event: Event) -> None:
        self.expire(event.at_ns)
        place = event.run.place
        match event.action:
            case Change(clients=names) as change:
                for name in names:
                    self._refuse_down(name, place)
                    self._keep(name, change.files, place)
                    self._clients[name].put(event.at_ns, change, place)
                    self._clients[name].conditions()
            case Reset(clients=names):
                for name in names:
                    self._refuse_down(name, place)
                    self._clients[name].clear()
            case ContainerChange() as container:
                self._act(container, place)
            case Roam() as roam:
                self._refuse_down(roam.client, place)
                self._roam(roam, place)
            case Traffic(client=name) | Exec(where=str(name)):
                self._refuse_down(name, place)
            case Baseline(for_ns=for_ns):
                taken_ns = event.at_ns + for_ns
                self._baseline_ns = min(taken_ns, self._baseline_ns or taken_ns)
            case Judge() as judge:
                self._judge(judge, event.at_ns, place)
            case Exec() | Http():
                pass  # run on the host, which no step changes
            case _:
                assert_never(event.action)

    def expire(self, now_ns: int) -> None:
        for client in self._clients.values():
            for ended_ns in client.ended(now_ns):
                client.conditions(f"from {format_duration(ended_ns)}, after an earlier step has ended: ")

    def _keep(self, client: str, files: Mapping[str, str], place: Place) -> None:
        """Count uploaded files against the client's limits; it keeps them until the end of the run."""
        for name, text in files.items():
            self._files[client][name] = size_of(text)
            try:
                refuse_crowd(self._files[client], name)
            except ConditionsError as error:
                place.wrong(f"{client}: {error}")

    def _judge(self, judge: Judge, at_ns: int, place: Place) -> None:
        for name in judge.expression.names:
            number = ".".join(name.split(".")[:3])
            if name.split(".")[1] == TRAFFIC and number not in self._traffic:
                hint = did_you_mean(number, self._traffic) or f"; there is: {', '.join(self._traffic) or 'none'}"
                place.wrong(f"no step sends traffic called {number}{hint}")
        if not judge.expression.uses_before:
            return
        if self._baseline_ns is None:
            place.wrong("uses `before`, but no baseline has been taken; add a step `baseline: 5s` before it")
        if at_ns < self._baseline_ns:
            starts, taken = format_duration(at_ns), format_duration(self._baseline_ns)
            place.wrong(f"starts at {starts} and uses `before`, but the baseline is not complete until {taken}")

    def _act(self, container: ContainerChange, place: Place) -> None:
        for name in container.names:
            state, _ = self._down.get(name, ("running", place))
            needed = _NEEDED[container.action]
            if needed and state not in needed:
                place.wrong(f"cannot {container.action} {name}: it is {state} at that time")
            self._down.pop(name, None)
            if container.action in ("start", "restart") and name in self._at_start:
                self._uplinks[name] = self._at_start[name]
            if after := _AFTER.get(container.action):
                self._down[name] = (after, place)

    def _roam(self, roam: Roam, place: Place) -> None:
        to = roam.way.to
        if to is not None and to == self._uplinks[roam.client]:
            place.wrong(f"{roam.client} is in {to} already at that time")
        self._uplinks[roam.client] = to or self._uplinks[roam.client]

    def _refuse_down(self, name: str, place: Place) -> None:
        if name in self._down:
            state, since = self._down[name]
            place.wrong(f"{name} is {state} at that time (since line {since.line})")


# The states an action requires, and the state it leaves the container in if not "running".
_NEEDED = {
    "pause": ("running",),
    "unpause": ("paused",),
    "stop": ("running",),
    "start": ("stopped",),
    "restart": ("running", "stopped"),
}
_AFTER = {"pause": "paused", "stop": "stopped"}

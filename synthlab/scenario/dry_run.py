"""A dry run: the plan is walked with all expectations decided as early, and as late, as can be, and nothing is done.

It finds what no step shows alone: conditions that cannot be when their time comes, clients that do not run then, and a
baseline that is not there yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from syntheticnet.conditions import ConditionsError, refuse_crowd, size_of

from ..stack import Stack
from ..text.durations import format_duration
from .actions import Baseline, Change, ContainerChange, Exec, Http, Judge, Reset, Traffic
from .model import Place
from .plan import Plan
from .simulated_leases import SimulatedLeases
from .timeline import Event, timeline


def dry_run(plan: Plan) -> None:
    """Raise WrongUse at the first step that cannot be played when its time comes."""
    for late in (False, True) if plan.track.least_ns != plan.track.most_ns else (False,):
        stage = _Stage(plan.scenario.stack)
        for event in timeline(plan.track, late):
            stage.play(event)
        stage.expire(plan.most_ns if late else plan.least_ns)


class _Stage:
    """What is in force and what runs, as the plan goes on."""

    def __init__(self, stack: Stack) -> None:
        networks = stack.networks
        self._clients = {name: SimulatedLeases(name, network.conditions) for name, network in networks.items()}
        self._files = {
            owner: {name: size_of(text) for name, text in network.files.items()} for owner, network in networks.items()
        }
        self._down: dict[str, tuple[str, Place]] = {}
        self._baseline_ns: int | None = None

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
            case Traffic(client=name) | Exec(where=str(name)):
                self._refuse_down(name, place)
            case Baseline(for_ns=for_ns):
                taken_ns = event.at_ns + for_ns
                self._baseline_ns = min(taken_ns, self._baseline_ns or taken_ns)
            case Judge() as judge:
                self._judge(judge, event.at_ns, place)
            case Exec() | Http():
                pass  # on the host, which a plan does not change
            case _:
                assert_never(event.action)

    def expire(self, now_ns: int) -> None:
        for client in self._clients.values():
            for ended_ns in client.ended(now_ns):
                client.conditions(f"from {format_duration(ended_ns)} on, when an earlier step has ended, ")

    def _keep(self, client: str, files: Mapping[str, str], place: Place) -> None:
        """A client keeps the files that it was given until the end."""
        for name, text in files.items():
            self._files[client][name] = size_of(text)
            try:
                refuse_crowd(self._files[client], name)
            except ConditionsError as error:
                place.wrong(f"{client}: {error}")

    def _judge(self, judge: Judge, at_ns: int, place: Place) -> None:
        if not judge.expression.uses_before:
            return
        if self._baseline_ns is None:
            place.wrong("speaks of `before`, and no baseline is taken by then: put `baseline: 5s` in front of it")
        if at_ns < self._baseline_ns:
            taken = format_duration(self._baseline_ns)
            place.wrong(
                f"begins at {format_duration(at_ns)} and speaks of `before`, but the baseline is taken at {taken} only"
            )

    def _act(self, container: ContainerChange, place: Place) -> None:
        for name in container.names:
            state, _ = self._down.get(name, ("running", place))
            needed = _NEEDED[container.doing]
            if needed and state not in needed:
                place.wrong(f"cannot {container.doing} {name}: it is {state} then")
            self._down.pop(name, None)
            if after := _AFTER.get(container.doing):
                self._down[name] = (after, place)

    def _refuse_down(self, name: str, place: Place) -> None:
        if name in self._down:
            state, since = self._down[name]
            place.wrong(f"{name} is {state} then (since line {since.line})")


# What a container must be for what is done to it, and what it is then.
_NEEDED = {
    "pause": ("running",),
    "unpause": ("paused",),
    "stop": ("running",),
    "start": ("stopped",),
    "restart": ("running", "stopped"),
}
_AFTER = {"pause": "paused", "stop": "stopped"}

"""The log of a run: steps, results of expectations and conditions, recorded as they happen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, assert_never

from ..control.state import ClientState
from ..scenario.actions import Action, Baseline, Change, ContainerChange, Exec, Http, Judge, Reset, Roam, Traffic
from ..scenario.model import StepRun
from ..scenario.plan import Plan
from ..scenario.record import Configured, Judged, Played, Verdict
from ..text.durations import seconds_of
from .judge import CheckResult


class Configurations:
    """The conditions of clients over time. `note` may be called by several threads."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, Mapping[str, Any]]] = {}
        """The last entry of each client: its time in ns, and the conditions."""
        self._entries: list[Configured] = []

    @property
    def entries(self) -> tuple[Configured, ...]:
        """All entries in order of time."""
        return tuple(sorted(self._entries, key=lambda entry: entry.at_s))

    def note(self, at_ns: int, states: Mapping[str, ClientState]) -> None:
        """Record conditions that differ from the client's last ones, or in the first place from those of its start."""
        for client, state in states.items():
            conditions, startup = dict(state.conditions_text), state.answer.get("startup", {})
            if client not in self._last and at_ns > 0 and _changed(startup, conditions):
                self._note(0, client, startup)
            self._note(at_ns, client, conditions)

    def sampled(self, at_ns: int, client: str, state: ClientState) -> None:
        """Record the conditions of a client in an answer of this time; states since the last one at their own times."""
        walk = state.answer.get("walk")
        last_ns, conditions = self._last.get(client, (0, {}))
        if walk and conditions.get("states") == state.conditions_text["states"]:
            for stay in walk["past"]:
                begun_ns = at_ns - (state.answer["monotonic_ns"] - stay["at_ns"])
                if begun_ns > last_ns:
                    self._note(begun_ns, client, {**conditions, "state": stay["state"]})
        self.note(at_ns, {client: state})

    def _note(self, at_ns: int, client: str, conditions: dict[str, Any]) -> None:
        if client not in self._last or not _same(self._last[client][1], conditions):
            self._last[client] = at_ns, conditions
            self._entries.append(Configured(at_s=seconds_of(at_ns), client=client, conditions=conditions))


def _same(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether the conditions are equal, including the order of their flows."""
    return before == now and list(before.get("flows", ())) == list(now.get("flows", ()))


def _changed(startup: Mapping[str, Any], conditions: Mapping[str, Any]) -> bool:
    """Whether somebody changed them, apart from the seed that every run sets, and the state that changes by itself."""
    apart = {"seed": None, "state": None}
    return not _same({**startup, **apart}, {**conditions, **apart})


class RunLog:
    """Starts with every planned step and no results, so that steps which are never reached are listed too."""

    def __init__(self, plan: Plan) -> None:
        visits = list(plan.visits())
        self._steps = {visit.run.id: _planned(visit.run, visit.track, visit.depth) for visit in visits}
        self._judged = {
            visit.run.id: _undecided(visit.run, timed.action)
            for visit in visits
            for timed in visit.run.actions
            if isinstance(timed.action, Judge)
        }
        self._configured = Configurations()

    @property
    def steps(self) -> tuple[Played, ...]:
        return tuple(self._steps.values())

    @property
    def judged(self) -> tuple[Judged, ...]:
        return tuple(self._judged.values())

    @property
    def configured(self) -> tuple[Configured, ...]:
        return self._configured.entries

    def step(self, run: StepRun, **values: Any) -> Played:
        """Update a step: fields of Played, with times as run times in ns (`ended_ns` for `ended_s`)."""
        self._steps[run.id] = replace(self._steps[run.id], **dict(_in_seconds(*value) for value in values.items()))
        return self._steps[run.id]

    def began(self, run: StepRun, planned_ns: int, late_ns: int) -> None:
        """Record when the first action of a step took effect; later calls are ignored."""
        if self._steps[run.id].began_s is None:
            self.step(run, planned_ns=planned_ns, began_ns=planned_ns + late_ns)

    def rule(self, run: StepRun, asked_ns: int, decided_ns: int, result: CheckResult) -> Judged:
        verdict: Verdict = "passed" if result.held else "failed"
        decided = replace(
            self._judged[run.id],
            verdict=verdict,
            reason=result.reason,
            asked_s=seconds_of(asked_ns),
            decided_s=seconds_of(decided_ns),
            took_s=result.took_s,
            error_s=result.error_s,
            seen=result.seen,
            limit=result.limit,
        )
        self._judged[run.id] = decided
        return decided

    def configure(self, at_ns: int, states: Mapping[str, ClientState]) -> None:
        """Record the conditions of clients if they have changed."""
        self._configured.note(at_ns, states)

    def sampled(self, at_ns: int, client: str, state: ClientState) -> None:
        """Record the conditions in a sample."""
        self._configured.sampled(at_ns, client, state)


def _in_seconds(name: str, value: Any) -> tuple[str, Any]:
    """Convert a field in ns to the record's field in seconds."""
    return (f"{name.removesuffix('_ns')}_s", seconds_of(value)) if name.endswith("_ns") else (name, value)


def _planned(run: StepRun, track: str, depth: int) -> Played:
    return Played(
        id=run.id,
        kind=run.kind,
        text=run.text,
        place=str(run.place),
        track=track,
        depth=depth,
        mark=run.mark,
        clients=tuple(dict.fromkeys(name for timed in run.actions for name in _of(timed.action))),
        stays=tuple((seconds_of(at_ns), name) for at_ns, name in run.part.stays),
    )


def _undecided(run: StepRun, judge: Judge) -> Judged:
    return Judged(
        id=run.id,
        kind=judge.kind,
        text=str(judge),
        place=str(run.place),
        mark=run.mark,
        verdict="inconclusive",
        reason="the run ended before it was decided",
        within_s=None if judge.within_ns is None else seconds_of(judge.within_ns),
        for_s=seconds_of(judge.for_ns),
    )


def _of(action: Action) -> Iterable[str]:
    """The clients an action applies to."""
    match action:
        case Change(clients=names) | Reset(clients=names) | ContainerChange(names=names):
            return names
        case Roam(client=name) | Traffic(client=name) | Exec(where=str(name)):
            return (name,)
        case Exec() | Judge() | Baseline() | Http():
            return ()
        case _:
            assert_never(action)

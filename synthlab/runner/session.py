"""One run of a scenario from its lab to its record: the lab is brought up, or used if it is up, and left as it was."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

from ..assets import own_version
from ..control.backend import Backend, choose_lab
from ..deploy.claim import being_brought_up
from ..deploy.launch import launch, launched
from ..errors import SynthlabError, WrongUse
from ..scenario.actions import Action, Baseline, Change, ContainerChange, Exec, Http, Judge, Reset, Traffic
from ..scenario.expression import Recorded
from ..scenario.plan import Plan
from ..scenario.record import Record, Series
from ..scenario.rights import refuse_strange
from ..text.durations import seconds_of
from ..text.progress import Progress
from .evidence import Evidence
from .host_load import load_between, read_busy
from .live_lab import LiveLab
from .player import Player
from .validity import problems
from .verdict import verdict_of
from .watcher import Watcher

SPARE_S = 600.0
"""A lab that was brought up for a run ends by itself so long after the run must be over, should we be killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How scenarios are played. A `lab` names one that is up; `evidence` is the folder for what is kept of failures.

    With `allow_host` a file that is not the user's own may act with the user's rights.
    """

    lab: str | None = None
    keep: bool = False
    keep_going: bool = False
    start_timeout_s: float = 120.0
    evidence: Path = Path("synthlab-evidence")
    allow_host: bool = False


def play(plan: Plan, backend: Backend, options: RunOptions, watcher: Watcher, progress: Progress, name: str) -> Record:
    """Play a plan once; what fails in the lab makes the record inconclusive. `name` is that of its evidence's folder.

    Raises WrongUse where the lab that is up is not the one that the scenario is for, and for a stranger's file that
    acts with the user's rights.
    """
    if not options.allow_host:
        refuse_strange(plan)
    started = datetime.now(UTC)
    try:
        with _lab(plan, backend, options, progress) as lab:
            return _Run(plan, backend, lab, watcher, progress, options.evidence / name).record(options.keep_going)
    except WrongUse:
        raise
    except SynthlabError as error:
        empty = _blank(plan, started)
        return replace(empty, verdict="inconclusive", reasons=(error.message, *error.details))


def refused(file: str, error: WrongUse) -> Record:
    """The record of a scenario that cannot be played, because of a mistake in it."""
    return Record(
        scenario=Path(file).stem,
        file=file,
        stack="",
        lab="",
        seed=0,
        started=_written(datetime.now(UTC)),
        duration_s=0.0,
        verdict="wrong use",
        reasons=(error.message,),
    )


@contextlib.contextmanager
def _lab(plan: Plan, backend: Backend, options: RunOptions, progress: Progress) -> Iterator[str]:
    """The name of a running lab for the plan; one that is brought up for it is taken down again, unless kept."""
    stack = plan.scenario.stack
    labs = backend.engine.labs()
    if options.lab is not None or stack.name in labs:
        name = choose_lab(labs, options.lab or stack.name)
        if name in backend.engine.locks():
            raise being_brought_up(name)
        _refuse_other(plan, LiveLab(backend, name))
        progress(f"using the lab {name}, which is up")
        yield name
        return
    if options.keep:
        launch(stack, backend.engine, progress, options.start_timeout_s)
        yield stack.name
        return
    with launched(stack, backend.engine, progress, options.start_timeout_s, seconds_of(plan.most_ns) + SPARE_S):
        yield stack.name


def _refuse_other(plan: Plan, stage: LiveLab) -> None:
    """Raise WrongUse where the lab lacks clients of the plan, or their conditions are not those of their start."""
    known = [client.name for client in stage.lab.callers()]
    for name in plan.clients:
        if name not in known:
            raise WrongUse(f"the lab '{stage.name}' has no {name}, which {plan.scenario.file} is for")
    for name, state in stage.lab.states().items():
        changed = state.conditions.to_dict() | {"seed": None} != dict(state.answer["startup"]) | {"seed": None}
        if state.leases or state.scheduled:
            raise WrongUse(f"{name} is being changed for a time, by a scenario or by `--for`: wait for the end of that")
        if changed:
            raise WrongUse(f"{name} has other conditions than its stack gives it: `synthlab reset` it first")


class _Run:
    """One run on a lab that is up."""

    def __init__(
        self, plan: Plan, backend: Backend, lab: str, watcher: Watcher, progress: Progress, folder: Path
    ) -> None:
        self._plan = plan
        self._stage = LiveLab(backend, lab)
        self._evidence = Evidence(backend, lab)
        self._files: dict[str, str] = {}
        self._folder = folder
        self._progress = progress
        self._watcher = watcher

    def record(self, keep_going: bool) -> Record:
        """Play it, and write down what came of it."""
        facts = self._facts()
        probe = self._stage.container(self._stage.lab.callers()[0].name)
        self._evidence.watch(_impaired(self._plan))
        try:
            engine = self._stage.backend.engine
            before = read_busy(engine, probe)
            player = Player(self._plan, self._stage, self._watcher, self._evidence.mark, self._collect, keep_going)
            asyncio.run(player.play())
            after = read_busy(engine, self._stage.container(probe.title))
            load = load_between(before, after)
            doubted = problems(self._plan.clients, player.recorded, load, _compared(self._plan))
            chronicle = player.chronicle
            verdict, reasons = verdict_of(chronicle.judged, player.failures, player.faults, doubted)
            if verdict != "passed" and not self._files:
                self._collect()
        finally:
            self._evidence.close()
        return replace(
            _blank(self._plan, player.started),
            lab=self._stage.name,
            facts=facts | ({"load": str(load)} if load else {}),
            duration_s=round(seconds_of(player.ended_ns), 3),
            verdict=verdict,
            reasons=reasons,
            baseline=_in_seconds(player.recorded.baseline),
            steps=chronicle.steps,
            judged=chronicle.judged,
            configured=chronicle.configured,
            samples=samples_of(player.recorded),
            evidence=self._files,
        )

    def _collect(self) -> None:
        """Keep evidence of what is wrong now."""
        try:
            found = self._evidence.collect(self._folder)
            self._files = {shows: str(self._folder / path) for shows, path in found.items()}
        except SynthlabError as error:
            self._progress(error.message)

    def _facts(self) -> dict[str, str]:
        states = self._stage.lab.states(self._stage.clients())
        images = sorted({str(state.answer.get("version", "unknown")) for state in states.values()})
        own = {"synthlab": own_version(), "images": ", ".join(images)}
        return own | self._stage.backend.engine.facts()


def _blank(plan: Plan, started: datetime) -> Record:
    """A record of nothing but what was planned."""
    scenario = plan.scenario
    return Record(
        scenario=scenario.name,
        file=scenario.file,
        stack=scenario.stack_file,
        lab=scenario.stack.name,
        about=scenario.about,
        seed=plan.seed,
        client_seeds=plan.client_seeds,
        variables=scenario.vars,
        started=_written(started),
        duration_s=0.0,
        verdict="inconclusive",
        clients=plan.clients,
    )


def _impaired(plan: Plan) -> list[str]:
    """The clients whose conditions the plan changes."""
    actions = [timed.action for visit in plan.visits() for timed in visit.run.actions]
    return list(dict.fromkeys(name for action in actions for name in _impaired_by(action)))


def _impaired_by(action: Action) -> tuple[str, ...]:
    match action:
        case Change(clients=clients):
            return clients
        case Reset() | Judge() | Baseline() | ContainerChange() | Traffic() | Exec() | Http():
            return ()
        case _:
            assert_never(action)


def _compared(plan: Plan) -> list[str]:
    """The numbers whose baseline matters."""
    actions = [timed.action for visit in plan.visits() for timed in visit.run.actions]
    expressions = [action.expression for action in actions if isinstance(action, Judge)]
    return list(dict.fromkeys(name for one in expressions for name in one.compared))


def _in_seconds(span_ns: tuple[int, int] | None) -> tuple[float, float] | None:
    return None if span_ns is None else (seconds_of(span_ns[0]), seconds_of(span_ns[1]))


def samples_of(recorded: Recorded) -> dict[str, Series]:
    """All samples that are kept, as a record has them."""
    found = {name: recorded.series(name) for name in recorded.names()}
    return {
        name: Series(
            times_s=[round(seconds_of(sample.at_ns), 3) for sample in series],
            values=[round(sample.value, 4) if isinstance(sample.value, float) else sample.value for sample in series],
        )
        for name, series in found.items()
    }


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def evidence_beside(report: Path | None) -> Path:
    """Where the evidence goes: beside the report, so that its links lead there."""
    return Path("synthlab-evidence") if report is None else report.with_name(f"{report.stem}-evidence")


def relative_to(record: Record, report: Path) -> Record:
    """The record with its evidence named as seen from a report's folder."""
    links = {shows: os.path.relpath(path, report.parent) for shows, path in record.evidence.items()}
    return replace(record, evidence=links)

"""One run of a scenario: brings up its lab (or uses a running one), plays the plan and returns the record."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

from syntheticnet.conditions import Conditions

from ..assets import own_version
from ..control.backend import Backend, choose_lab
from ..control.outside import outside_line
from ..control.state import ClientState
from ..deploy.claim import refuse_claimed
from ..deploy.launch import launch, launched
from ..deploy.plan import refuse_other_stack
from ..errors import SynthlabError, WrongUse
from ..interrupts import is_stopped, when_stopped
from ..scenario.actions import Action, Baseline, Change, ContainerChange, Exec, Http, Judge, Reset, Roam, Traffic
from ..scenario.expression import Recorded
from ..scenario.plan import Plan
from ..scenario.record import Record, Series
from ..scenario.rights import refuse_strange
from ..text.durations import seconds_of
from ..text.progress import Progress
from .evidence import Evidence
from .host_load import load_between, read_busy
from .live_lab import LiveLab
from .lost_containers import lost_containers
from .player import Player
from .underlay import underlay_line
from .validity import doubts
from .verdict import verdict_of
from .watcher import Watcher

SPARE_S = 600.0
"""A lab brought up for a run expires this long after the latest end of the run, in case we are killed."""
STOPPED = "the run was stopped before its end"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Options of runs. `lab` is the name of a running lab to use, whatever it was made from; without it, one that is up
    under the stack's name is used if it is a lab of that stack. `evidence` is the folder for evidence of failures.

    `allow_host` lets files from outside the user's project act with the user's rights.
    """

    lab: str | None = None
    keep: bool = False
    keep_going: bool = False
    start_timeout_s: float = 120.0
    evidence: Path = Path("synthlab-evidence")
    allow_host: bool = False


def play(plan: Plan, backend: Backend, options: RunOptions, watcher: Watcher, progress: Progress, name: str) -> Record:
    """Play a plan once. `name` is the name of its folder of evidence.

    An error of the lab makes the record inconclusive: it is no verdict on the system under test. Raises WrongUse if a
    running lab does not fit the scenario, or a file from outside the user's project would act with the user's rights.
    """
    if not options.allow_host:
        refuse_strange(plan)
    backend = replace(backend, by="scenario")
    started = datetime.now(UTC)
    try:
        with _lab(plan, backend, options, progress) as lab:
            return _Run(plan, backend, lab, watcher, progress, options.evidence / name).record(options.keep_going)
    except WrongUse:
        raise
    except SynthlabError as error:
        return replace(_blank(plan, started), reasons=(error.message, *error.details))


def unplayed(plan: Plan, *reasons: str) -> Record:
    """The inconclusive record of a run that could not be played."""
    return replace(_blank(plan, datetime.now(UTC)), reasons=reasons)


def refused(file: str, error: WrongUse) -> Record:
    """The record of a scenario that is not played because of a mistake in it."""
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
    """The name of a running lab for the plan; a lab brought up for it is removed afterwards, unless kept."""
    stack = plan.scenario.stack
    labs = backend.engine.labs()
    if options.lab is not None or stack.name in labs:
        name = choose_lab(labs, options.lab or stack.name)
        refuse_claimed(name, backend.engine, backend.clock)
        if options.lab is None:
            refuse_other_stack(stack, backend.engine)
        _refuse_other(plan, LiveLab(backend, name))
        progress(f"using the running lab {name}")
        yield name
        return
    if options.keep:
        launch(stack, backend.engine, progress, options.start_timeout_s)
        yield stack.name
        return
    with launched(stack, backend.engine, progress, options.start_timeout_s, seconds_of(plan.most_ns) + SPARE_S):
        yield stack.name


def _refuse_other(plan: Plan, live_lab: LiveLab) -> None:
    """Raise WrongUse if the lab lacks clients of the plan, or their conditions differ from those of the stack."""
    known = [client.name for client in live_lab.lab.callers()]
    for name in plan.clients:
        if name not in known:
            raise WrongUse(f"lab '{live_lab.name}' has no client {name}, which {plan.scenario.file} requires")
    for name, state in live_lab.lab.states().items():
        # The seed does not count: the plan sets its own.
        startup = Conditions.from_dict(state.answer["startup"])
        changed = replace(state.conditions, seed=None) != replace(startup, seed=None)
        if state.leases or state.scheduled:
            raise WrongUse(f"{name} has active leases or scheduled changes (a scenario or `--for`); wait for their end")
        if changed:
            raise WrongUse(f"{name} does not have the conditions of its stack; run `synthlab reset {name}` first")


class _Run:
    """One run on a running lab."""

    def __init__(
        self, plan: Plan, backend: Backend, lab: str, watcher: Watcher, progress: Progress, folder: Path
    ) -> None:
        self._plan = plan
        self._live_lab = LiveLab(backend, lab)
        self._evidence = Evidence(backend, lab)
        self._files: dict[str, str] = {}
        self._folder = folder
        self._progress = progress
        self._watcher = watcher

    def record(self, keep_going: bool) -> Record:
        """Play the plan and return its record."""
        states = self._live_lab.lab.states(self._live_lab.clients())
        facts = self._facts(states)
        # A lab of a Compose project may have no client of ours, but it has companions.
        probe = next(one for one in self._live_lab.members if one.conditioned)
        self._evidence.watch(_impaired(self._plan))
        try:
            engine, members = self._live_lab.backend.engine, self._live_lab.members
            before = read_busy(engine, probe)
            player = Player(self._plan, self._live_lab, self._watcher, self._evidence.mark, self._collect, keep_going)
            try:
                asyncio.run(_until_stopped(player))
            except asyncio.CancelledError:
                player.faults.append(STOPPED)
            after = read_busy(engine, self._live_lab.container(probe.title))
            load = load_between(before, after)
            conditioned = (*self._plan.clients, *self._plan.scenario.stack.conditioned)
            underlay = underlay_line(conditioned, player.recorded)
            doubted = doubts(conditioned, player.recorded, load, _compared(self._plan))
            log, problems = player.log, [doubt.text for doubt in doubted]
            verdict, reasons = verdict_of(log.judged, player.failures, player.faults, problems)
            if lost := lost_containers(members, self._live_lab, player.touched, suspect=verdict != "passed"):
                verdict, reasons = "inconclusive", (*lost, *reasons)
            if verdict != "passed":
                reasons += tuple(f"{name}: {state.problem}" for name, state in states.items() if state.problem)
            if verdict != "passed" and not self._files and not is_stopped():
                self._collect()
        finally:
            self._evidence.close()
        found = self._evidence.for_report
        return replace(
            _blank(self._plan, player.started),
            **(found.since(player.started) if found else {}),
            lab=self._live_lab.name,
            facts=facts | {name: str(fact) for name, fact in (("load", load), ("underlay", underlay)) if fact},
            duration_s=round(seconds_of(player.ended_ns), 3),
            verdict=verdict,
            reasons=reasons,
            baseline=_in_seconds(player.recorded.baseline),
            steps=log.steps,
            judged=log.judged,
            configured=log.configured,
            samples=samples_of(player.recorded),
            doubt=next((doubt.limit for doubt in doubted if doubt.limit), None),
            evidence=self._files,
        )

    def _collect(self) -> None:
        """Save evidence of the current state."""
        try:
            files = self._evidence.collect(self._folder)
            self._files = {shows: str(self._folder / path) for shows, path in files.items()}
        except SynthlabError as error:
            self._progress(error.message)

    def _facts(self, states: Mapping[str, ClientState]) -> dict[str, str]:
        images = sorted({str(state.answer.get("version", "unknown")) for state in states.values()})
        own = {"synthlab": own_version(), "images": ", ".join(images)}
        outside = outside_line(self._live_lab.lab.members)
        return own | ({"outside": outside} if outside else {}) | self._live_lab.backend.engine.facts()


async def _until_stopped(player: Player) -> None:
    """Play; a `Stop` cancels it, and it reverts everything."""
    loop, playing = asyncio.get_running_loop(), asyncio.current_task()
    assert playing
    with when_stopped(lambda: loop.call_soon_threadsafe(playing.cancel)):
        await player.play()


def _blank(plan: Plan, started: datetime) -> Record:
    """A record of a plan without results."""
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
        case Reset() | Judge() | Baseline() | ContainerChange() | Roam() | Traffic() | Exec() | Http():
            return ()
        case _:
            assert_never(action)


def _compared(plan: Plan) -> list[str]:
    """The numbers that expectations compare with their baseline."""
    actions = [timed.action for visit in plan.visits() for timed in visit.run.actions]
    expressions = [action.expression for action in actions if isinstance(action, Judge)]
    return list(dict.fromkeys(name for one in expressions for name in one.compared))


def _in_seconds(span_ns: tuple[int, int] | None) -> tuple[float, float] | None:
    return None if span_ns is None else (seconds_of(span_ns[0]), seconds_of(span_ns[1]))


def samples_of(recorded: Recorded) -> dict[str, Series]:
    """All samples in the form of a record."""
    recorded_series = {name: recorded.series(name) for name in recorded.names()}
    return {
        name: Series(
            times_s=[round(seconds_of(sample.at_ns), 3) for sample in series],
            values=[round(sample.value, 4) if isinstance(sample.value, float) else sample.value for sample in series],
        )
        for name, series in recorded_series.items()
    }


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def evidence_beside(report: Path | None) -> Path:
    """The folder for evidence: next to the report, so that its links work."""
    return Path("synthlab-evidence") if report is None else report.with_name(f"{report.stem}-evidence")


def relative_to(record: Record, report: Path) -> Record:
    """The record with paths of evidence relative to the report's folder."""
    links = {shows: os.path.relpath(path, report.parent) for shows, path in record.evidence.items()}
    return replace(record, evidence=links)

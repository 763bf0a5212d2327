"""`scenario run`: runs scenarios, prints their progress, and exits with the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from ...control.backend import Backend
from ...engine.api import EngineApi
from ...errors import WrongUse
from ...text.durations import seconds_of
from .. import console
from ..console import Live
from ..plan_maker import split_values
from ..run_series import STYLES
from .engines import EnginesOption, engines_for, make_ready
from .labs import sweep
from .options import (
    EvidenceOption,
    HostOption,
    JsonOption,
    LabOption,
    OtherStackOption,
    RetryOption,
    ScenariosArgument,
    ScenarioSeedOption,
    TimeoutOption,
    VarOption,
    read_variables,
)
from .outputs import JUnitOption, MarkdownOption, Outputs, ReportOption

if TYPE_CHECKING:
    from ...engine.named_engine import NamedEngine
    from ...runner import RunOptions
    from ...scenario import Plan
    from ...scenario.record import Judged, Played, Record
    from ..run_queue import Run


RepeatOption = Annotated[
    int, typer.Option("--repeat", min=1, metavar="N", help="Run each N times, with seed, seed + 1, ...")
]
KeepOption = Annotated[bool, typer.Option("--keep", help="Keep the lab that was started for the run.")]
GoOption = Annotated[bool, typer.Option("--keep-going", help="Continue with the next steps after a failure.")]


def run(
    context: typer.Context,
    names: ScenariosArgument,
    variables: VarOption = None,
    stack: OtherStackOption = None,
    seed: ScenarioSeedOption = None,
    repeat: RepeatOption = 1,
    retry_inconclusive: RetryOption = 0,
    engines: EnginesOption = None,
    keep: KeepOption = False,
    keep_going: GoOption = False,
    junit: JUnitOption = None,
    report: ReportOption = None,
    markdown: MarkdownOption = None,
    evidence: EvidenceOption = None,
    timeout: TimeoutOption = 120,
    allow_host: HostOption = False,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Run scenarios and judge the results.

    Starts the lab, or uses it if it is up, and changes its networks as the scenario says.

    All conditions are reverted at the end, and within 10 s if synthlab is killed. A failure leaves evidence: logs,
    conditions, stats, packets and screenshots. The exit status is 0 if all passed, 1 if one failed, 2 if one is invalid
    (nothing is started then), and 3 if one is inconclusive: the lab did not start, or this machine was too slow.

    \b
    Examples:
      synthlab scenario run dog-chews-fiber.yaml
      synthlab scenario run ./mine.yaml --var RATE=1mbit --report mine.html
      synthlab scenario run elevator wifi-far --repeat 3 --junit results.xml
      synthlab scenario run elevator --json > results.json
      synthlab scenario run elevator --repeat 20 --engines ssh://me@a,ssh://me@b
      synthlab scenario run dog-chews-fiber --lab call --retry-inconclusive 2
    """
    from ...deploy.plan import refuse_other_stack
    from ...runner import RunOptions, evidence_beside
    from ..run_queue import runs_of
    from ..run_summary import summary_lines
    from ..shared_runs import run_arguments

    values = read_variables(variables)
    outputs = Outputs(junit, report, markdown, json)
    if evidence and evidence.exists() and not evidence.is_dir():
        raise WrongUse(f"--evidence: {evidence}: is not a folder")
    sharing = engines_for(engines, repeat * len(names))
    backend: Backend = context.obj
    plans, refusals = _plans(names, values, stack, seed, allow_host, backend.engine)
    if refusals:
        outputs.write_refusals(refusals)
        raise typer.Exit(WrongUse.exit_code)
    folder = evidence or evidence_beside(report)
    options = RunOptions(
        lab=lab, keep=keep, keep_going=keep_going, start_timeout_s=timeout, evidence=folder, allow_host=allow_host
    )
    runs = list(runs_of(names, plans, repeat, retry_inconclusive))
    if sharing:
        make_ready(sharing, [] if lab else [plan.scenario.stack for plan in plans])
        given = partial(run_arguments, variables=variables or (), stack=stack, options=options)
        records = _share_all(runs, sharing, given, outputs.write)
    else:
        sweep(backend)
        for plan in plans if lab is None else ():
            refuse_other_stack(plan.scenario.stack, backend.engine)
        records = _play_all(runs, backend, options, outputs.write)
    if len(records) > 1:
        console.print_note("")
        for line in summary_lines(records):
            console.print_note(line)
    raise typer.Exit(_exit_code(records))


def _plans(
    names: Sequence[str],
    variables: dict[str, str],
    stack: str | None,
    seed: int | None,
    allow_host: bool,
    engine: EngineApi,
) -> tuple[list[Plan], list[Record]]:
    """The plans of all valid scenarios, and a record for each invalid one, whose error is printed immediately."""
    from ...runner import refused
    from ...scenario import check_scenario, late_expectations, translated
    from ...scenario.rights import refuse_strange

    plans, refusals = [], []
    for name in names:
        try:
            own, in_stack = split_values(name, variables)
            plan = check_scenario(
                name, own, stack=stack, seed=seed, compose=engine.compose_config, stack_values=in_stack
            )
            if not allow_host:
                refuse_strange(plan)
            plans.append(plan)
            for line in translated(plan):
                console.print_note(line)
            for warning in late_expectations(plans[-1]):
                console.print_note(f"warning: {warning}")
        except WrongUse as error:
            console.print_error(error)
            refusals.append(refused(name, error))
    return plans, refusals


def _play_all(
    runs: Sequence[Run], backend: Backend, options: RunOptions, write: Callable[[Sequence[Record]], None]
) -> list[Record]:
    """Run all in turn; results so far are written even after Ctrl-C."""
    records: list[Record] = []
    try:
        for run in runs:
            records.append(_play_fairly(run, backend, options))
    finally:
        if records:
            write(records)
    return records


def _play_fairly(run: Run, backend: Backend, options: RunOptions) -> Record:
    """Run it until the verdict is not inconclusive, or no retry is left, all with the same seed."""
    record = _play(run, backend, options)
    while record.verdict == "inconclusive" and (again := run.again()):
        run = again
        record = replace(_play(run, backend, options), retried=run.retry)
    return record


def _play(run: Run, backend: Backend, options: RunOptions) -> Record:
    from ...runner import play

    with console.live() as live:
        live.line(f"{run.title}, seed {run.plan.seed}", "bold")
        narrator = _Narrator(live, run.plan)
        record = play(run.plan, backend, options, narrator, narrator.progress, run.folder)
        narrator.end(record)
    return record


def _share_all(
    runs: Sequence[Run],
    engines: Sequence[NamedEngine],
    given: Callable[[Run], list[str]],
    write: Callable[[Sequence[Record]], None],
) -> list[Record]:
    """Run all on several engines, each with the arguments `given`; results so far are written even after Ctrl-C."""
    from ..shared_runs import SharedRuns, play_apart

    shared = SharedRuns(runs, lambda run, engine: play_apart(run, engine, given(run)))
    try:
        shared.play(engines)
    finally:
        records = [record for _, record in sorted(shared.records.items())]
        if records:
            write(records)
    return records


class _Narrator:
    """Prints a line per step and verdict, and on a terminal the current status of the expectation being judged."""

    def __init__(self, live: Live, plan: Plan) -> None:
        self._live = live
        self._most_s = seconds_of(plan.most_ns)
        self._last = ""

    def progress(self, text: str) -> None:
        """Progress before and after the scenario itself."""
        if text != self._last:
            self._live.progress(text)
            self._last = text

    def step(self, step: Played) -> None:
        if step.error:
            self._live.line(f"{_time(step.planned_s)}  {step.text}: {step.error}", "red")
        else:
            mark = f"  # {step.mark}" if step.mark else ""
            self._live.line(f"{_time(step.planned_s)}  {'  ' * step.depth}{step.text}{mark}")

    def ended(self, step: Played) -> None:
        """Not shown: the next line shows that the run went on."""

    def judging(self, now_ns: int, text: str, seen: str) -> None:
        self._live.moving(f"{seconds_of(now_ns):.0f} s of at most {self._most_s:.0f} s: {text} ({seen})")

    def judged(self, judged: Judged) -> None:
        took = _took(judged)
        self._live.line(f"{_time(judged.decided_s)}    {judged.verdict}{took}: {judged.reason}", STYLES[judged.verdict])

    def end(self, record: Record) -> None:
        from ..run_summary import run_lines

        for line in run_lines(record):
            self._live.line(line, STYLES[record.verdict])


def _time(at_s: float | None) -> str:
    return f"{'' if at_s is None else f'{at_s:.1f} s':>9}"


def _took(judged: Judged) -> str:
    """The time until it held, with its uncertainty."""
    if judged.took_s is None or judged.within_s is None:
        return ""
    word = "recovered" if judged.kind == "recovers" else "held"
    return f", {word} after {judged.took_s:.1f} s (-{judged.error_s or 0:.1f} s, +0 s)"


def _exit_code(records: Sequence[Record]) -> int:
    """The exit status of the most severe verdict."""
    from ...report import worst
    from ...scenario.record import EXIT_CODES

    return EXIT_CODES[worst([record.verdict for record in records])]

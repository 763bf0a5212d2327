"""`scenario run`: runs scenarios, prints their progress, and exits with the verdict."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...control.backend import Backend
from ...engine.api import EngineApi
from ...errors import WrongUse
from ...text.durations import seconds_of
from .. import console
from ..console import Live
from .labs import sweep
from .options import (
    JsonOption,
    LabOption,
    OtherStackOption,
    ScenariosArgument,
    ScenarioSeedOption,
    TimeoutOption,
    VarOption,
    read_variables,
)
from .outputs import JUnitOption, Outputs, ReportOption

if TYPE_CHECKING:
    from ...runner import RunOptions
    from ...scenario import Plan
    from ...scenario.record import Judged, Played, Record, Verdict

_STYLES = {"passed": "green", "failed": "red", "inconclusive": "yellow", "wrong use": "red"}
_GRAVITY: Sequence[Verdict] = ("wrong use", "failed", "inconclusive", "passed")

RepeatOption = Annotated[
    int, typer.Option("--repeat", min=1, metavar="N", help="Run each N times, with seed, seed + 1, ...")
]
RetryOption = Annotated[
    int,
    typer.Option("--retry-inconclusive", min=0, metavar="N", help="Rerun an inconclusive scenario, N times at most."),
]
KeepOption = Annotated[bool, typer.Option("--keep", help="Keep the lab that was started for the run.")]
GoOption = Annotated[bool, typer.Option("--keep-going", help="Continue with the next steps after a failure.")]
EvidenceOption = Annotated[
    Path | None,
    typer.Option("--evidence", metavar="FOLDER", help="Where to keep evidence; by default next to the report."),
]
HostOption = Annotated[
    bool,
    typer.Option(
        "--allow-host",
        envvar="SYNTHLAB_ALLOW_HOST",
        help="Let files outside your project act with your rights: commands, builds, ...",
    ),
]


def run(
    context: typer.Context,
    names: ScenariosArgument,
    variables: VarOption = None,
    stack: OtherStackOption = None,
    seed: ScenarioSeedOption = None,
    repeat: RepeatOption = 1,
    retry_inconclusive: RetryOption = 0,
    keep: KeepOption = False,
    keep_going: GoOption = False,
    junit: JUnitOption = None,
    report: ReportOption = None,
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
      synthlab scenario run dog-chews-fiber --lab call --retry-inconclusive 2
    """
    from ...runner import RunOptions, evidence_beside

    values = read_variables(variables)
    outputs = Outputs(junit, report, json)
    if evidence and evidence.exists() and not evidence.is_dir():
        raise WrongUse(f"--evidence: {evidence}: is not a folder")
    backend: Backend = context.obj
    plans, refusals = _plans(names, values, stack, seed, allow_host, backend.engine)
    if refusals:
        outputs.write_refusals(refusals)
        raise typer.Exit(WrongUse.exit_code)
    sweep(backend)
    folder = evidence or evidence_beside(report)
    options = RunOptions(
        lab=lab, keep=keep, keep_going=keep_going, start_timeout_s=timeout, evidence=folder, allow_host=allow_host
    )
    records = _play_all(plans, repeat, retry_inconclusive, backend, options, outputs.write)
    if len(records) > 1:
        console.print_note("")
        for line in _summary(records):
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
    from ...scenario import check_scenario, late_expectations
    from ...scenario.rights import refuse_strange

    plans, refusals = [], []
    for name in names:
        try:
            plan = check_scenario(name, variables, stack=stack, seed=seed, compose=engine.compose_config)
            if not allow_host:
                refuse_strange(plan)
            plans.append(plan)
            for warning in late_expectations(plans[-1]):
                console.print_note(f"warning: {warning}")
        except WrongUse as error:
            console.print_error(error)
            refusals.append(refused(name, error))
    return plans, refusals


def _play_all(
    plans: Sequence[Plan],
    repeat: int,
    retries: int,
    backend: Backend,
    options: RunOptions,
    write: Callable[[Sequence[Record]], None],
) -> list[Record]:
    """Run all in turn; results so far are written even after Ctrl-C."""
    from ...scenario import repeated

    records: list[Record] = []
    try:
        for number in range(repeat):
            for plan in plans:
                turn = f" ({number + 1} of {repeat})" if repeat > 1 else ""
                name = plan.scenario.name if repeat == 1 else f"{plan.scenario.name}-{number + 1}"
                records.append(_play_fairly(repeated(plan, number), turn, name, retries, backend, options))
    finally:
        if records:
            write(records)
    return records


def _play_fairly(plan: Plan, turn: str, name: str, retries: int, backend: Backend, options: RunOptions) -> Record:
    """Run it until the verdict is not inconclusive, with at most `retries` retries, all with the same seed."""
    record = _play(plan, turn, name, backend, options)
    for retry in range(1, retries + 1):
        if record.verdict != "inconclusive":
            break
        again = f"{turn} (retry {retry} of {retries})"
        record = replace(_play(plan, again, f"{name}-retry-{retry}", backend, options), retried=retry)
    return record


def _play(plan: Plan, turn: str, name: str, backend: Backend, options: RunOptions) -> Record:
    """Run it once; `name` is the name of its evidence folder."""
    from ...runner import play

    with console.live() as live:
        live.line(f"{plan.scenario.name}{turn}, seed {plan.seed}", "bold")
        narrator = _Narrator(live, plan)
        record = play(plan, backend, options, narrator, narrator.progress, name)
        narrator.end(record)
    return record


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
        self._live.line(
            f"{_time(judged.decided_s)}    {judged.verdict}{took}: {judged.reason}", _STYLES[judged.verdict]
        )

    def end(self, record: Record) -> None:
        for line in record.reasons:
            self._live.line(f"  {line}", _STYLES[record.verdict])
        if outside := record.facts.get("outside"):
            self._live.line(f"  {outside}")
        if record.evidence:
            self._live.line(f"  evidence: {os.path.commonpath(list(record.evidence.values()))}")
        self._live.line(f"{record.verdict}: {record.scenario}, {record.duration_s:.1f} s", _STYLES[record.verdict])


def _time(at_s: float | None) -> str:
    return f"{'' if at_s is None else f'{at_s:.1f} s':>9}"


def _took(judged: Judged) -> str:
    """The time until it held, with its uncertainty."""
    if judged.took_s is None or judged.within_s is None:
        return ""
    word = "recovered" if judged.kind == "recovers" else "held"
    return f", {word} after {judged.took_s:.1f} s (-{judged.error_s or 0:.1f} s, +0 s)"


def _summary(records: Sequence[Record]) -> Iterator[str]:
    """The count of each verdict; then, for repeated scenarios, the median, minimum and maximum of each number."""
    from ...report import repeats

    counts = {verdict: sum(record.verdict == verdict for record in records) for verdict in _GRAVITY}
    yield ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    for scenario, runs, expectations in repeats(records):
        yield f"{runs} runs of {scenario}: median (min to max)"
        yield from (f"  {one.title}: {', '.join(one.parts)}" for one in expectations)


def _exit_code(records: Sequence[Record]) -> int:
    """The exit status of the most severe verdict."""
    from ...scenario.record import EXIT_CODES

    verdicts = {record.verdict for record in records}
    return EXIT_CODES[next(verdict for verdict in _GRAVITY if verdict in verdicts)]

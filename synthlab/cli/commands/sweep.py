"""`scenario sweep`: plays every combination of a matrix of values, and goes on where an earlier run of it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...control.backend import Backend
from ...errors import SynthlabError
from .. import console
from ..console import Bad, Table
from ..plan_maker import PlanMaker, refuse_unfit_lab
from ..run_series import OneLabOption, RunSeries, SeriesRetryOption, run_series
from .labs import sweep as remove_expired
from .options import (
    JsonOption,
    LabOption,
    OtherStackOption,
    ScenarioArgument,
    ScenarioSeedOption,
    TimeoutOption,
    VarOption,
    read_variables,
)
from .outputs import JUnitOption, refuse_output, write_file
from .run import EvidenceOption, HostOption

if TYPE_CHECKING:
    from ...gate.matrix import MatrixAxis, MatrixRun
    from ...gate.run_store import RunStore
    from ...gate.sweep_result import SweepResult
    from ...scenario import Plan
    from ...scenario.record import Record

MOST_UNSTARTED = 3
"""This many labs in a row that do not start end the sweep: the engine has a problem, and all others would fail too."""

MatrixOption = Annotated[
    list[str],
    typer.Option("--matrix", metavar="NAME=A,B", help="Values of a variable or of a key of the stack. Repeatable."),
]
SweepRepeatOption = Annotated[
    int, typer.Option("--repeat", min=1, metavar="N", help="Play each combination N times, with seed, seed + 1, ...")
]
StoreOption = Annotated[
    Path | None,
    typer.Option("--store", metavar="FILE", help="Where to keep the runs; by default NAME.sweep.sqlite, here."),
]
HeatMapOption = Annotated[
    Path | None, typer.Option("--report", metavar="FILE.html", help="Write a page with heat maps that opens offline.")
]
CsvOption = Annotated[Path | None, typer.Option("--csv", metavar="FILE.csv", help="Write a row for each run.")]


def sweep(
    context: typer.Context,
    name: ScenarioArgument,
    matrix: MatrixOption,
    repeat: SweepRepeatOption = 1,
    store: StoreOption = None,
    variables: VarOption = None,
    retry_inconclusive: SeriesRetryOption = 0,
    one_lab: OneLabOption = False,
    stack: OtherStackOption = None,
    seed: ScenarioSeedOption = None,
    report: HeatMapOption = None,
    csv: CsvOption = None,
    junit: JUnitOption = None,
    evidence: EvidenceOption = None,
    timeout: TimeoutOption = 120,
    allow_host: HostOption = False,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Play a scenario with every combination of values.

    --matrix takes a variable in the scenario's `vars`, a dotted key of the stack (sfu.version), or `profile`, that of
    every client's network. A value with * stands for all profiles that it matches.

    Each run is kept in a file before the next begins. After Ctrl-C or a crash the same command plays what is left,
    and what was inconclusive. The exit status is 1 if a run failed, and 3 if one was inconclusive.

    \b
    Examples:
      synthlab scenario sweep ./dog.yaml --matrix RATE=100kbit,300kbit --repeat 5
      synthlab scenario sweep elevator --matrix 'profile=wpt/*' --report map.html
      synthlab scenario sweep ./dog.yaml --matrix sfu.version=1.1.2,1.2.3
    """
    from ...deploy.launch import new_id
    from ...gate.matrix import read_axes, runs
    from ...gate.run_store import RunStore
    from ...runner import RunOptions, evidence_beside
    from ...scenario import declared_variables

    fixed = read_variables(variables)
    axes = read_axes(matrix, declared_variables(name))
    planned = runs(axes, repeat)
    files: list[tuple[str, Path | None]] = [("--report", report), ("--csv", csv), ("--junit", junit)]
    for flag, file in files:
        if file:
            refuse_output(flag, file)
    backend: Backend = context.obj
    maker = PlanMaker(backend, name, stack, seed, allow_host)
    plans = [_plan(maker, fixed, run) for run in planned if not run.repetition]
    kept = store or Path(f"{plans[0].scenario.name}.sweep.sqlite")
    refuse_output("--store", kept)
    options = RunOptions(
        lab=lab, start_timeout_s=timeout, evidence=evidence or evidence_beside(report), allow_host=allow_host
    )
    described = _described(plans, axes, repeat, seed, fixed)
    with RunStore(kept, described, new_id()) as opened:
        _remove_left(backend, opened.made_by)
        remove_expired(backend)
        refuse_unfit_lab(backend, plans, lab)
        maker.made_by = opened.made_by
        play = _Sweep(axes, planned, partial(_plan, maker, fixed), opened)
        try:
            with run_series(backend, options, retry_inconclusive, one_lab) as series:
                play.run(series)
        except BaseException:
            console.print_note(play.how_to_resume)
            raise
        finally:
            if play.records:
                _write(play.result, plans[0].scenario.name, report, csv, junit, json)
    raise typer.Exit(play.result.exit_code)


def _plan(maker: PlanMaker, fixed: Mapping[str, str], run: MatrixRun) -> Plan:
    return maker.plan({**fixed, **run.cell.variables}, run.cell.stack_values, run.repetition)


class _Sweep:
    """Plays the runs that the store does not have, or has as inconclusive."""

    def __init__(
        self,
        axes: Sequence[MatrixAxis],
        planned: Sequence[MatrixRun],
        plan_of: Callable[[MatrixRun], Plan],
        store: RunStore,
    ) -> None:
        self._axes = tuple(axes)
        self._planned = tuple(planned)
        self._plan_of = plan_of
        self._store = store
        self.records: dict[int, Record] = store.records()

    @property
    def result(self) -> SweepResult:
        from ...gate.sweep_result import SweepResult

        return SweepResult(self._axes, self._planned, self.records)

    @property
    def how_to_resume(self) -> str:
        kept = f"{len(self.records)} of {len(self._planned)} runs are kept in {self._store.file}"
        return f"{kept}; the same command plays the others"

    def run(self, series: RunSeries) -> None:
        left = [run for run in self._planned if self._is_left(run)]
        if len(left) < len(self._planned):
            done = f"{len(self._planned) - len(left)} of {len(self._planned)} runs are in {self._store.file} already"
            console.print_note(done)
        unstarted = 0
        for place, run in enumerate(left):
            record = self._play(run, len(left) - place, series)
            # A record without facts is of a lab that did not start.
            unstarted = 0 if record.facts else unstarted + 1
            if unstarted == MOST_UNSTARTED:
                raise SynthlabError(f"{unstarted} labs in a row did not start: {record.reasons[0]}")

    def _play(self, run: MatrixRun, left: int, series: RunSeries) -> Record:
        plan = self._plan_of(run)
        title = f"{run.cell}, run {run.number + 1} of {len(self._planned)}{self._time_left(left)}"
        began_s = time.monotonic()
        record = series.play(plan, title, f"{plan.scenario.name}-{run.number + 1}")
        record = replace(record, variables={**record.variables, **run.cell.by_name})
        self._store.add(run.number, record, time.monotonic() - began_s)
        self.records[run.number] = record
        return record

    def _time_left(self, runs: int) -> str:
        from ...engine.ttl import format_time

        mean_s = self._store.mean_s()
        return f", about {format_time(mean_s * runs)} left" if mean_s else ""

    def _is_left(self, run: MatrixRun) -> bool:
        return run.number not in self.records or self.records[run.number].verdict == "inconclusive"


def _described(
    plans: Sequence[Plan], axes: Sequence[MatrixAxis], repeat: int, seed: int | None, variables: Mapping[str, str]
) -> dict[str, str]:
    """What the runs of a file have in common: a file with runs of anything else is refused."""
    from ...gate.matrix import matrix_text
    from ...gate.run_store import CONTENT

    files = {plan.scenario.source: "scenario" for plan in plans} | {
        plan.scenario.stack.source: "stack" for plan in plans
    }
    contents = {f"{file.name}'s {CONTENT}": _digest(file) for file in files if file}
    given = " ".join(f"{name}={value}" for name, value in variables.items())
    return {
        "scenario": plans[0].scenario.name,
        **{f"--matrix {name}": values for name, values in matrix_text(axes).items()},
        "--repeat": str(repeat),
        "--seed": "" if seed is None else str(seed),
        "--var": given,
        **contents,
    }


def _digest(file: Path) -> str:
    import hashlib

    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def _remove_left(backend: Backend, made_by: str) -> None:
    """Remove labs that an earlier process of the same sweep left behind when it was killed."""
    for lab in sorted({one.lab for one in backend.engine.containers() if one.made_by == made_by}):
        console.print_note(f"{lab} was left by a sweep that was killed, and is removed")
        backend.engine.remove_lab(lab, made_by)


def _write(
    result: SweepResult, title: str, report: Path | None, csv: Path | None, junit: Path | None, json: bool
) -> None:
    """Show the result and write all files; a file that cannot be written is reported."""
    from ...gate.heat_map import sweep_page
    from ...report.junit import junit_text

    writers: list[tuple[str, Path | None, Callable[[], str]]] = [
        ("--report", report, lambda: sweep_page(result, title)),
        ("--csv", csv, result.csv_text),
        ("--junit", junit, lambda: junit_text(result.named_records())),
    ]
    for flag, file, text in writers:
        try:
            if file:
                write_file(flag, file, text())
        except SynthlabError as error:
            console.print_error(error)
    if json:
        console.print_json(result.to_dict())
        return
    axes = [axis.name for axis in result.axes]
    rows = [[Bad(cell) if row[-1] else cell for cell in row] for row in result.rows()]
    console.print_table(Table((*axes, "passed", "inconclusive", "what failed"), rows))

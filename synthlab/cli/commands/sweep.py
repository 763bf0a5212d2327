"""`scenario sweep`: plays every combination of a matrix of values, and goes on where an earlier run of it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...control.backend import Backend
from ...errors import SynthlabError, WrongUse
from .. import console
from ..console import Bad, Table
from ..plan_maker import PlanMaker, pull_images, refuse_unfit_lab
from ..run_series import run_series
from ..stored_runs import PlannedRun, StoredRuns, file_digests, remove_left
from .engines import EnginesOption, engines_for, make_ready
from .labs import sweep as remove_expired
from .options import (
    EvidenceOption,
    HostOption,
    JsonOption,
    LabOption,
    OneLabOption,
    OtherStackOption,
    RetryOption,
    ScenarioArgument,
    ScenarioSeedOption,
    TimeoutOption,
    VarOption,
    read_variables,
)
from .outputs import JUnitOption, refuse_output, write_file

if TYPE_CHECKING:
    from ...gate.matrix import MatrixAxis, MatrixRun
    from ...gate.sweep_result import SweepResult
    from ...runner import RunOptions
    from ...scenario import Plan
    from ..run_queue import Run

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
    retry_inconclusive: RetryOption = 0,
    one_lab: OneLabOption = False,
    engines: EnginesOption = None,
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
    from ...gate.sweep_result import SweepResult
    from ...runner import RunOptions, evidence_beside
    from ...scenario import declared_variables

    fixed = read_variables(variables)
    axes = read_axes(matrix, declared_variables(name))
    planned = runs(axes, repeat)
    files: list[tuple[str, Path | None]] = [("--report", report), ("--csv", csv), ("--junit", junit)]
    for flag, file in files:
        if file:
            refuse_output(flag, file)
    sharing = engines_for(engines, len(planned))
    if sharing and one_lab:
        raise WrongUse("--one-lab: not together with --engines, on which each run has a lab of its own")
    backend: Backend = context.obj
    maker = PlanMaker(backend, name, stack, seed, allow_host)
    plans = [_plan(maker, fixed, run) for run in planned if not run.repetition]
    kept = store or Path(f"{plans[0].scenario.name}.sweep.sqlite")
    refuse_output("--store", kept)
    options = RunOptions(
        lab=lab, start_timeout_s=timeout, evidence=evidence or evidence_beside(report), allow_host=allow_host
    )
    with RunStore(kept, "sweep", _described(plans, axes, repeat, seed, fixed), new_id()) as opened:
        if not sharing:
            remove_left(backend, opened)
            remove_expired(backend)
            refuse_unfit_lab(backend, plans, lab)
            pull_images(backend, plans)
        maker.made_by = opened.made_by
        stored = StoredRuns([_planned(maker, fixed, run) for run in planned], opened)
        left = [run.number for run in planned if not stored.is_judged(run.number)]
        try:
            if sharing:
                make_ready(sharing, [] if lab else [plan.scenario.stack for plan in plans])
                arguments = partial(_arguments, planned, fixed, stack, options)
                stored.share(sharing, name, left, retry_inconclusive, arguments)
            else:
                with run_series(backend, options, retry_inconclusive, one_lab) as series:
                    stored.play(series, left)
        finally:
            result = SweepResult(axes, tuple(planned), stored.records)
            if stored.records:
                _write(result, plans[0].scenario.name, report, csv, junit, json)
    raise typer.Exit(result.exit_code)


def _arguments(
    planned: Sequence[MatrixRun], fixed: Mapping[str, str], stack: str | None, options: RunOptions, run: Run
) -> list[str]:
    """The command of one run on an engine of its own."""
    from ..shared_runs import run_arguments

    values = {**fixed, **planned[run.number].cell.by_name}
    return run_arguments(run, [f"{name}={value}" for name, value in values.items()], stack, options)


def _planned(maker: PlanMaker, fixed: Mapping[str, str], run: MatrixRun) -> PlannedRun:
    plan = partial(_plan, maker, fixed, run)
    return PlannedRun(number=run.number, text=str(run.cell), plan=plan)


def _plan(maker: PlanMaker, fixed: Mapping[str, str], run: MatrixRun) -> Plan:
    return maker.plan({**fixed, **run.cell.variables}, run.cell.stack_values, run.repetition)


def _described(
    plans: Sequence[Plan], axes: Sequence[MatrixAxis], repeat: int, seed: int | None, variables: Mapping[str, str]
) -> dict[str, str]:
    """What the runs of a file have in common: a file with runs of anything else is refused."""
    from ...gate.matrix import matrix_text

    given = " ".join(f"{name}={value}" for name, value in variables.items())
    return {
        "scenario": plans[0].scenario.name,
        **{f"--matrix {name}": values for name, values in matrix_text(axes).items()},
        "--repeat": str(repeat),
        "--seed": "" if seed is None else str(seed),
        "--var": given,
        **file_digests(plans),
    }


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

"""`scenario bisect`: finds the value of a variable at which a scenario begins to fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ...control.backend import Backend
from ...errors import WrongUse
from .. import console
from ..console import Table
from ..plan_maker import PlanMaker, pull_images, refuse_unfit_lab
from ..run_series import RunSeries, run_series
from ..sparkline import sparkline
from .labs import sweep
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
from .outputs import JUnitOption, Outputs, ReportOption

if TYPE_CHECKING:
    from ...gate.break_result import Break, Tried
    from ...gate.value_range import ValueRange
    from ...scenario import Plan

MOST_DOUBTED = 3
"""This many inconclusive runs in a row end the search."""

ResolutionOption = Annotated[
    str,
    typer.Option("--resolution", metavar="STEP", help="How exactly: 2%, 50kbit; 10% of a rate or time is a ratio."),
]
ConfidenceOption = Annotated[
    int, typer.Option("--confidence", metavar="PERCENT", min=50, max=99, help="How sure the interval must be.")
]
MostRunsOption = Annotated[
    int, typer.Option("--most-runs", metavar="N", min=8, help="Stop after this many judged runs.")
]


def bisect(
    context: typer.Context,
    name: ScenarioArgument,
    resolution: ResolutionOption,
    variables: VarOption = None,
    confidence: ConfidenceOption = 95,
    most_runs: MostRunsOption = 40,
    retry_inconclusive: RetryOption = 2,
    one_lab: OneLabOption = True,
    stack: OtherStackOption = None,
    seed: ScenarioSeedOption = None,
    junit: JUnitOption = None,
    report: ReportOption = None,
    evidence: EvidenceOption = None,
    timeout: TimeoutOption = 120,
    allow_host: HostOption = False,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Find the value at which a scenario begins to fail.

    One --var has a range, FROM..TO. Values near the break are tried several times, each time with the next seed,
    until an interval of one resolution contains the value at which half of the runs fail.

    All runs share one lab, unless a run leaves something behind: a command, a request, a restart. The exit status is 0
    with a break or if nothing fails, 1 if both ends fail, and 3 if too many runs were inconclusive.

    \b
    Examples:
      synthlab scenario bisect ./a.yaml --var LOSS=0%..40% --resolution 2%
      synthlab scenario bisect ./a.yaml --var RATE=50kbit..5mbit --resolution 20%
      synthlab scenario bisect ./a.yaml --var RTT=0ms..2s --resolution 50ms --json
    """
    from ...gate.value_range import read_range
    from ...runner import RunOptions, evidence_beside

    entry, others = _split(variables or [])
    values = read_range(entry, resolution)
    fixed = read_variables(others)
    if values.variable in fixed:
        raise WrongUse(f"--var {values.variable}: given more than once")
    backend: Backend = context.obj
    outputs = Outputs(junit, report, None, False)
    maker = PlanMaker(backend, name, stack, seed, allow_host)

    def plan_of(value: str, number: int) -> Plan:
        return maker.plan({**fixed, values.variable: value}, {}, number)

    ends = [plan_of(end, 0) for end in (values.values[0], values.values[-1])]
    sweep(backend)
    refuse_unfit_lab(backend, ends, lab)
    pull_images(backend, ends)
    folder = evidence or evidence_beside(report)
    options = RunOptions(lab=lab, start_timeout_s=timeout, evidence=folder, allow_host=allow_host)
    with run_series(backend, options, retry_inconclusive, one_lab) as series:
        search = _Search(values, plan_of, series, confidence / 100, most_runs)
        try:
            search.run()
        finally:
            if search.tried:
                outputs.write([one.record for one in search.tried])
                _show(search.result, json)
    raise typer.Exit(search.result.exit_code)


class _Search:
    """Plays what the bisection asks for, until it has its answer or too many runs in a row are inconclusive."""

    def __init__(
        self,
        values: ValueRange,
        plan_of: Callable[[str, int], Plan],
        series: RunSeries,
        confidence: float,
        most_runs: int,
    ) -> None:
        from ...gate.bisection import Bisection

        self._values = values
        self._plan_of = plan_of
        self._series = series
        self._bisection = Bisection(len(values.values), confidence, most_runs)
        self._doubted = 0
        self.tried: list[Tried] = []

    @property
    def result(self) -> Break:
        from ...gate.break_result import result_of

        return result_of(self._values, self._bisection, self.tried, self._doubted == MOST_DOUBTED)

    def run(self) -> None:
        while self._doubted < MOST_DOUBTED and (number := self._bisection.next) is not None:
            self._try(number)

    def _try(self, number: int) -> None:
        from ...gate.break_result import Tried

        value, count = self._values.values[number], len(self.tried)
        title = f"run {count + 1}: {self._values.variable}={value}"
        plan = self._plan_of(value, count)
        record = self._series.play(plan, title, f"{plan.scenario.name}-{count + 1}")
        self.tried.append(Tried(value, record))
        if record.verdict == "inconclusive":
            self._doubted += 1
            return
        self._doubted = 0
        self._bisection.add(number, record.verdict == "failed")


def _split(entries: Sequence[str]) -> tuple[str, list[str]]:
    """The variable with a range, and the others. Raises WrongUse unless exactly one has one."""
    ranges = [entry for entry in entries if ".." in entry.partition("=")[2].strip(".")]
    if len(ranges) != 1:
        problem = f"{len(ranges)} variables have a range" if ranges else "no variable has a range"
        raise WrongUse(f"--var: {problem}; give one, such as --var LOSS=0%..40%")
    return ranges[0], [entry for entry in entries if entry != ranges[0]]


def _show(result: Break, json: bool) -> None:
    if json:
        console.print_json(result.to_dict())
        return
    shown = [one for one in result.curve if one.runs] or list(result.curve)
    rows = [
        (one.value, str(one.runs), str(one.failed), f"{one.expected:.0%}", sparkline([one.expected], 1.0))
        for one in shown
    ]
    console.print_table(Table((result.variable, "runs", "failed", "expected", ""), rows))
    for line in result.lines():
        console.print_line(line)

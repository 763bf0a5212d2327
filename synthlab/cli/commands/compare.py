"""`scenario compare`: which numbers differ between two versions, beyond their noise."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...control.backend import Backend
from ...errors import SynthlabError, WrongUse
from .. import console
from ..console import Bad, Table
from ..plan_maker import PlanMaker, refuse_unfit_lab
from ..run_series import OneLabOption, RunSeries, SeriesRetryOption, run_series
from .labs import sweep as remove_expired
from .options import (
    JsonOption,
    LabOption,
    OtherStackOption,
    ScenarioSeedOption,
    TimeoutOption,
    VarOption,
    complete_scenarios,
    read_variables,
)
from .outputs import MarkdownOption, refuse_output, write_file
from .report import read_results_file
from .run import EvidenceOption, HostOption

if TYPE_CHECKING:
    from ...gate.comparison import ComparisonResult
    from ...gate.sides import Kind, Side
    from ...scenario import Plan
    from ...scenario.record import Record

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable with the file in which GitHub Actions expects a job's summary."""

BaseArgument = Annotated[
    str, typer.Argument(metavar="BASE", help="An image, a stack file, NAME=VALUE, a command, or results.json.")
]
NewArgument = Annotated[str, typer.Argument(metavar="NEW", help="The same kind of thing, to compare with BASE.")]
ScenarioOption = Annotated[
    list[str] | None,
    typer.Option(
        "--scenario",
        metavar="NAME",
        help="A scenario to play. May be repeated.",
        autocompletion=complete_scenarios,
    ),
]
RunsOption = Annotated[int, typer.Option("--runs", min=2, metavar="N", help="Runs of each side.")]
CommandOption = Annotated[
    bool, typer.Option("--command", help="BASE and NEW are shell commands, run here before each run of their side.")
]
LimitOption = Annotated[
    float, typer.Option("--limit", metavar="PERCENT", min=0, help="Changes up to this are no regression.")
]


def compare(
    context: typer.Context,
    base: BaseArgument,
    new: NewArgument,
    scenarios: ScenarioOption = None,
    runs: RunsOption = 8,
    command: CommandOption = False,
    limit: LimitOption = 0,
    variables: VarOption = None,
    retry_inconclusive: SeriesRetryOption = 2,
    one_lab: OneLabOption = False,
    stack: OtherStackOption = None,
    seed: ScenarioSeedOption = None,
    markdown: MarkdownOption = None,
    evidence: EvidenceOption = None,
    timeout: TimeoutOption = 120,
    allow_host: HostOption = False,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Compare two versions, and fail on a regression.

    Plays the scenarios with BASE and NEW in turns (ABBA) on this machine. Two files of `scenario run --json` are
    compared as a trend: nothing is run. Compares the numbers that the scenarios expect something of, and verdicts.

    The result is also added to $GITHUB_STEP_SUMMARY. The exit status is 1 if a number became worse beyond its noise and
    by more than --limit, or a scenario fails more often; 3 if too few runs could be judged.

    \b
    Examples:
      synthlab scenario compare acme/sfu:1.4 acme/sfu:1.5 --scenario ./a.yaml
      synthlab scenario compare RATE=1mbit RATE=2mbit --scenario ./a.yaml
      synthlab scenario compare old.yaml new.yaml --scenario elevator
      synthlab scenario compare --command './use a' './use b' --scenario ./a.yaml
      synthlab scenario compare monday.json tuesday.json --limit 5
    """
    from ...gate.comparison import compare as compared
    from ...gate.sides import kind_of

    kind = kind_of(base, new, command)
    if markdown:
        refuse_output("--markdown", markdown)
    if kind == "results":
        if scenarios:
            raise WrongUse("--scenario: two files of results are compared as they are, and nothing is played")
        before, after = (list(read_results_file(Path(file))) for file in (base, new))
    else:
        played = _Played(context.obj, scenarios or [], read_variables(variables), stack, seed, allow_host)
        _refuse_few(runs)
        from ...runner import RunOptions

        folder = evidence or Path("synthlab-evidence")
        options = RunOptions(lab=lab, start_timeout_s=timeout, evidence=folder, allow_host=allow_host)
        remove_expired(context.obj)
        played.prepare(base, new, kind, lab)
        with run_series(context.obj, options, retry_inconclusive, one_lab) as series:
            played.run(series, runs)
        before, after = played.records
    result = compared(before, after, (base, new), kind == "results", limit / 100)
    _show(result, json)
    _write(result, markdown)
    raise typer.Exit(result.exit_code)


class _Played:
    """The runs of both sides, in turns; a repetition has the same seed on both."""

    def __init__(
        self,
        backend: Backend,
        names: Sequence[str],
        variables: Mapping[str, str],
        stack: str | None,
        seed: int | None,
        allow_host: bool,
    ) -> None:
        if not names:
            raise WrongUse("--scenario: name a scenario to play, such as --scenario elevator")
        self._makers = [PlanMaker(backend, name, stack, seed, allow_host) for name in names]
        self._variables = variables
        self._sides: dict[str, tuple[Side, Side]] = {}
        self.records: list[list[Record]] = [[], []]

    def prepare(self, base: str, new: str, kind: Kind, lab: str | None) -> None:
        """Check the plans of both sides, which are played in `lab` if there is one. Raises WrongUse."""
        from ...gate.sides import read_sides
        from ...scenario import declared_variables

        for maker in self._makers:
            first, second = read_sides(base, new, kind, declared_variables(maker.name))
            self._sides[maker.name] = self._with_image(maker, first), self._with_image(maker, second)
            plans = [self._plan(maker, side, 0) for side in self._sides[maker.name]]
            refuse_unfit_lab(maker.backend, plans, lab)

    def run(self, series: RunSeries, runs: int) -> None:
        from ...gate.sides import abba

        for turn, (number, repetition) in enumerate(abba(runs), 1):
            for maker in self._makers:
                side = self._sides[maker.name][number]
                if side.command:
                    _run_command(side.command)
                plan = self._plan(maker, side, repetition)
                title = f"{plan.scenario.name}, {['BASE', 'NEW'][number]} {side.text}, run {turn} of {2 * runs}"
                record = series.play(plan, title, f"{plan.scenario.name}-{turn}")
                self.records[number].append(record)

    def _plan(self, maker: PlanMaker, side: Side, repetition: int) -> Plan:
        return maker.plan({**self._variables, **side.variables}, side.stack_values, repetition, side.stack)

    def _with_image(self, maker: PlanMaker, side: Side) -> Side:
        """The side with the keys of the stack that have its image. Raises WrongUse if none has."""
        from ...stack.stack_values import images_of

        if side.kind != "image":
            return side
        scenario = maker.plan(self._variables, {}, 0).scenario
        keys = images_of(scenario.stack.source, side.repository) if scenario.stack.source else []
        if not keys:
            raise WrongUse(f"{scenario.stack_file}: has no image {side.repository}, whose tags are to be compared")
        return replace(side, stack_values=dict.fromkeys(keys, side.text))


def _run_command(command: str) -> None:
    from ...engine.process import run_attached

    if status := run_attached(["sh", "-c", command]):
        raise SynthlabError(f"{command}: ended with status {status}")


def _refuse_few(runs: int) -> None:
    """Raise WrongUse if not even a single number could differ in so few runs."""
    from ...gate.comparison import most_tests

    if not most_tests(runs):
        least = next(count for count in range(runs, 100) if most_tests(count))
        raise WrongUse(f"--runs: {runs} of each are too few for any difference to show; give at least {least}")


def _show(result: ComparisonResult, json: bool) -> None:
    from ...gate.comparison_text import HEADS, comparison_lines, comparison_rows

    if json:
        console.print_json(result.to_dict())
        return
    rows = [[Bad(cell) if row[-1] == "regression" else cell for cell in row] for row in comparison_rows(result)]
    console.print_table(Table(HEADS, rows))
    for line in comparison_lines(result):
        console.print_line(line)


def _write(result: ComparisonResult, markdown: Path | None) -> None:
    """Write the Markdown, and add it to the job's summary. What cannot be written is reported."""
    from ...gate.comparison_text import comparison_markdown

    text = comparison_markdown(result)
    try:
        if markdown:
            write_file("--markdown", markdown, text)
        if summary := os.environ.get(SUMMARY):
            with Path(summary).open("a") as file:
                file.write(text)
    except SynthlabError as error:
        console.print_error(error)
    except OSError as error:
        console.print_error(SynthlabError(f"{SUMMARY}: {os.environ[SUMMARY]}: {error.strerror}"))

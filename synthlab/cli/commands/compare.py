"""`scenario compare`: which numbers differ between two versions, beyond their noise."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import Inconclusive, SynthlabError, WrongUse
from .. import console
from ..console import Bad, Table
from ..run_series import run_series
from ..stored_runs import remove_left
from .labs import sweep as remove_expired
from .options import (
    EvidenceOption,
    HostOption,
    JsonOption,
    LabOption,
    OneLabOption,
    OtherStackOption,
    RetryOption,
    ScenarioSeedOption,
    TimeoutOption,
    VarOption,
    complete_scenarios,
    read_variables,
)
from .outputs import MarkdownOption, refuse_output, write_file
from .report import read_results_file

if TYPE_CHECKING:
    from ...gate.comparison import ComparisonResult

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
CompareStoreOption = Annotated[
    Path | None,
    typer.Option("--store", metavar="FILE", help="Keep the runs; else in NAME.compare.sqlite, here, until it is over."),
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
    retry_inconclusive: RetryOption = 2,
    one_lab: OneLabOption = False,
    stack: OtherStackOption = None,
    seed: ScenarioSeedOption = None,
    store: CompareStoreOption = None,
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

    Each run is kept in a file before the next begins. After Ctrl-C or a crash the same command goes on.

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
    from ...deploy.launch import new_id
    from ...gate.comparison import compare as compared
    from ...gate.run_store import RunStore
    from ...gate.sides import kind_of
    from ...runner import RunOptions
    from ..played_sides import PlayedSides

    kind = kind_of(base, new, command)
    if markdown:
        refuse_output("--markdown", markdown)
    if kind == "results":
        _refuse_playing(scenarios, store)
        before, after = (list(read_results_file(Path(file))) for file in (base, new))
        result = compared(before, after, (base, new), True, limit / 100)
    else:
        sides = PlayedSides(context.obj, scenarios or [], read_variables(variables), stack, seed, allow_host)
        _refuse_few(runs)
        sides.read(base, new, kind)
        kept = store or Path(f"{sides.plans[0].scenario.name}.compare.sqlite")
        refuse_output("--store", kept)
        folder = evidence or Path("synthlab-evidence")
        options = RunOptions(lab=lab, start_timeout_s=timeout, evidence=folder, allow_host=allow_host)
        described = {"BASE": base, "NEW": new, "--command": "given" if command else "", "--runs": str(runs)}
        with RunStore(kept, "compare", described | sides.described, new_id()) as opened:
            remove_left(context.obj, opened)
            remove_expired(context.obj)
            sides.fit(lab, opened.made_by)
            with run_series(context.obj, options, retry_inconclusive, one_lab) as series:
                before, after = sides.play(series, runs, opened)
            result = compared(before, after, (base, new), False, limit / 100)
            goes_on = result.doubted > 0 and result.exit_code == Inconclusive.exit_code
            if not store and not goes_on:
                # The next time, the same command is to compare what the two sides are then.
                opened.discard()
    _show(result, json)
    _write(result, markdown)
    raise typer.Exit(result.exit_code)


def _refuse_playing(scenarios: list[str] | None, store: Path | None) -> None:
    """Raise WrongUse for options of playing, where there are two files of results."""
    for flag, given in (("--scenario", scenarios), ("--store", store)):
        if given:
            raise WrongUse(f"{flag}: two files of results are compared as they are, and nothing is played")


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

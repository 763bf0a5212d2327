"""`scenario report`: writes an HTML report, a JUnit file or a summary from the saved results of earlier runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import WrongUse
from ...text.text_file import MB, read_text_file
from .outputs import JUnitOption, MarkdownOption, ReportOption, write_junit, write_markdown, write_report

if TYPE_CHECKING:
    from ...scenario.record import Record

MOST_BYTES = 256 * MB

ResultsArgument = Annotated[
    list[Path], typer.Argument(metavar="RESULTS.json...", help="Outputs of `scenario run --json`.")
]


def report(
    results: ResultsArgument,
    report: ReportOption = None,
    junit: JUnitOption = None,
    markdown: MarkdownOption = None,
) -> None:
    """Write reports and JUnit files from saved results.

    Nothing is run. The runs of all files are in one report, with a row each.

    \b
    Examples:
      synthlab scenario report results.json --report page.html
      synthlab scenario report monday.json tuesday.json --report week.html
      synthlab scenario report results.json --junit results.xml
    """
    if not (report or junit or markdown):
        raise WrongUse("nothing to write: give --report FILE.html, --junit FILE.xml or --markdown FILE.md")
    records = [record for file in results for record in read_results_file(file)]
    if report:
        write_report(report, records)
    if junit:
        write_junit(junit, records)
    if markdown:
        write_markdown(markdown, records)


def read_results_file(file: Path) -> tuple[Record, ...]:
    """The records of a file of results. Raises WrongUse."""
    from ...report import read_results

    try:
        text = read_text_file(file, MOST_BYTES)
    except ValueError as error:
        raise WrongUse(f"{file}: cannot be read: {error}") from None
    return read_results(text, str(file))

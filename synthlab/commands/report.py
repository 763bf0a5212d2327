"""`scenario report`: a page, or a JUnit file, of runs that were played before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import WrongUse
from .outputs import JUnitOption, ReportOption, write_junit, write_report

ResultsArgument = Annotated[
    Path, typer.Argument(metavar="RESULTS.json", help="What `scenario run --json` has written.")
]


def report(results: ResultsArgument, report: ReportOption = None, junit: JUnitOption = None) -> None:
    """Make a page or a JUnit file of the results that `scenario run --json` has written, without playing anything.

    \b
    Examples:
      synthlab scenario report results.json --report page.html
      synthlab scenario report results.json --junit results.xml
    """
    from ..report import read_results

    if not (report or junit):
        raise WrongUse("names no file to write: give --report FILE.html or --junit FILE.xml")
    records = read_results(_read(results), str(results))
    if report:
        write_report(report, records)
    if junit:
        write_junit(junit, records)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{file}: cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}") from None

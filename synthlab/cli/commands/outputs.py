"""Writes the result files of runs, and defines the flags for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import SynthlabError, WrongUse
from ...text.atomic_file import write_whole
from .. import console

if TYPE_CHECKING:
    from ...scenario.record import Record

JUnitOption = Annotated[Path | None, typer.Option("--junit", metavar="FILE.xml", help="Write results as JUnit XML.")]
ReportOption = Annotated[
    Path | None, typer.Option("--report", metavar="FILE.html", help="Write an HTML report that opens offline.")
]
MarkdownOption = Annotated[
    Path | None,
    typer.Option("--markdown", metavar="FILE.md", help="Write a summary as Markdown, for example for a pull request."),
]

_MISTAKES = (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)


class Outputs:
    """The requested files. Raises WrongUse if one cannot be created, so that this is found before a run starts."""

    def __init__(self, junit: Path | None, report: Path | None, markdown: Path | None, json: bool) -> None:
        self._junit, self._report, self._markdown, self._json = junit, report, markdown, json
        for flag, file in (("--junit", junit), ("--report", report), ("--markdown", markdown)):
            if file:
                refuse_output(flag, file)

    def write(self, records: Sequence[Record]) -> None:
        """Write all files. A failure is only reported: it affects neither the verdict nor the other files."""
        self._write(records, self._report)

    def write_refusals(self, records: Sequence[Record]) -> None:
        """Write all files but the report, which has nothing to show of a scenario that was not played."""
        self._write(records, None)

    def _write(self, records: Sequence[Record], report: Path | None) -> None:
        for write in self._writers(records, report):
            try:
                write()
            except SynthlabError as error:
                console.print_error(error)

    def _writers(self, records: Sequence[Record], report: Path | None) -> Iterator[Callable[[], None]]:
        if junit := self._junit:
            yield lambda: write_junit(junit, records)
        if report:
            yield lambda: write_report(report, records)
        if markdown := self._markdown:
            yield lambda: write_markdown(markdown, records)
        if self._json:
            yield lambda: _print_results(records)


def refuse_output(flag: str, file: Path) -> None:
    """Raise WrongUse if the file's folder does not exist, or the file is a folder."""
    if not file.absolute().parent.is_dir():
        raise WrongUse(f"{flag}: {file}: no such folder: {file.parent}")
    if file.is_dir():
        raise WrongUse(f"{flag}: {file}: is a folder; name a file")


def write_junit(file: Path, records: Sequence[Record]) -> None:
    """Raises SynthlabError."""
    from ...report.junit import junit_text

    write_file("--junit", file, junit_text(records))


def write_report(file: Path, records: Sequence[Record]) -> None:
    """Raises SynthlabError."""
    from ...report import report_page
    from ...runner import relative_to

    write_file("--report", file, report_page([relative_to(one, file) for one in records]))


def write_markdown(file: Path, records: Sequence[Record]) -> None:
    """Raises SynthlabError."""
    from ...report.markdown import markdown_text

    write_file("--markdown", file, markdown_text(records))


def write_file(flag: str, file: Path, text: str) -> None:
    """Write a file completely or not at all. Raises SynthlabError; WrongUse if the flag's path is the reason."""
    try:
        write_whole(file, text)
    except OSError as error:
        kind = WrongUse if isinstance(error, _MISTAKES) else SynthlabError
        raise kind(f"{flag}: {file}: {error.strerror}") from None
    console.print_note(f"wrote {file}")


def _print_results(records: Sequence[Record]) -> None:
    from ...report import results_text

    try:
        console.print_text(results_text(records))
    except OSError as error:
        console.drop_output()
        if not isinstance(error, BrokenPipeError):  # a reader that exits early is not an error
            raise SynthlabError(f"--json: cannot write the output: {error.strerror}") from None

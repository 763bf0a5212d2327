"""All that people see on a terminal; the only place that knows rich. Where output is piped, it is plain.

Texts may be of strangers: what would act on a terminal is escaped, and long ones are cut (`shown`).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import SynthlabError
from ..text.escaping import MOST_CELL, json_text, shown, shown_lines, shown_log

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status
    from rich.table import Table as RichTable

# A piped table is for programs and files: its rows are never broken.
PIPED_WIDTH = 1000


class Bad(str):
    """A cell that says what is wrong: red on a terminal."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts under their headings; a `title` says what they are.

    On a narrow terminal the cells of the `whole` columns are not broken: the others give way.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    whole: Sequence[str] = ()


def is_asked() -> bool:
    """Whether somebody sits there who can answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def print_bad(text: str) -> None:
    """One line on the output that says what is wrong: red on a terminal."""
    _console().print(shown(text), style="red", markup=False, highlight=False, soft_wrap=True)


def print_line(text: str) -> None:
    """One line on the output."""
    _console().print(shown(text), markup=False, highlight=False, soft_wrap=True)


def print_note(text: str) -> None:
    """One line on the error output: what is worth telling, but is not the answer."""
    _console(stderr=True).print(shown(text), markup=False, highlight=False, soft_wrap=True)


def print_lines(text: str) -> None:
    """Several lines on the output, as wide as they are."""
    print_text(f"{shown_lines(text)}\n")


def print_log(start: str, text: str) -> None:
    """A line that an application wrote, behind a `start` of ours: as it is for a file or program, else shown."""
    print_text(f"{start}{shown_log(text) if sys.stdout.isatty() else text}\n")


def print_text(text: str) -> None:
    """A text of ours exactly as it is, for a file or another program."""
    sys.stdout.write(text)
    sys.stdout.flush()


def drop_output() -> None:
    """Let what is still to be printed go nowhere: its reader has gone, or its disk is full, and the end would fail."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_json(value: Any) -> None:
    """A value as JSON on the output."""
    sys.stdout.write(json_text(value, indent=2) + "\n")


def print_json_line(value: Any) -> None:
    """A value as JSON on one line, for a program that reads while we go on."""
    sys.stdout.write(json_text(value) + "\n")
    sys.stdout.flush()


def print_table(table: Table) -> None:
    """A table on the output."""
    console = _console()
    console.print(_rich_table(table, console))


def print_error(error: SynthlabError) -> None:
    """One red line on the error output, with what belongs under it."""
    console = _console(stderr=True)
    console.print(f"synthlab: {shown(error.message)}", style="red", markup=False, highlight=False, soft_wrap=True)
    for line in error.details:
        console.print(f"  {shown_log(line)}", style="dim", markup=False, highlight=False, soft_wrap=True)


def watch(tables: Callable[[], Sequence[Table]], interval_s: float, count: int | None = None) -> None:
    """Show tables anew every `interval_s`, `count` times or until Ctrl-C; on a terminal, each in place of the last."""
    from rich.console import Group
    from rich.live import Live

    console = _console()
    if not console.is_terminal:
        for _ in turns(interval_s, count):
            for table in tables():
                print_table(table)
            sys.stdout.flush()
        return
    with Live(console=console, auto_refresh=False) as live:
        for _ in turns(interval_s, count):
            live.update(Group(*(_rich_table(table, console) for table in tables())), refresh=True)


def turns(interval_s: float, count: int | None = None) -> Iterator[int]:
    """Numbers from 0, one every `interval_s`: `count` of them, or no end. What is done with one takes of its time."""
    start = time.monotonic()
    for number in itertools.count() if count is None else range(count):
        time.sleep(max(start + number * interval_s - time.monotonic(), 0))
        yield number


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Give a function that tells what is being done: a moving line on a terminal, else a line for each new thing.

    It goes to the error output, so that what a command prints stays clean.
    """
    console = _console(stderr=True)
    if console.is_terminal:
        with console.status("") as status:
            yield lambda text: _show_moving(status, text)
    else:
        yield _PlainProgress(console)


class Live:
    """Lines that stay, and under them, on a terminal, one that moves. All on the error output."""

    def __init__(self, console: Console, status: Status | None) -> None:
        self._console = console
        self._status = status

    def line(self, text: str, style: str = "") -> None:
        """A line that stays."""
        self._console.print(shown(text), style=style, markup=False, highlight=False, soft_wrap=True)

    def moving(self, text: str) -> None:
        """What is going on at this moment, for those who watch."""
        if self._status:
            _show_moving(self._status, text)

    def progress(self, text: str) -> None:
        """What is being done: the line that moves, and where there is none, one that stays."""
        self.moving(text) if self._status else self.line(text)


@contextlib.contextmanager
def live() -> Iterator[Live]:
    """Give the lines of something that goes on."""
    console = _console(stderr=True)
    if console.is_terminal:
        with console.status("") as status:
            yield Live(console, status)
    else:
        yield Live(console, None)


def _show_moving(status: Status, text: str) -> None:
    from rich.markup import escape

    status.update(escape(shown(text)))


class _PlainProgress:
    """Prints what is told, but not twice in a row."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def __call__(self, text: str) -> None:
        if text != self._last:
            self._console.print(shown(text), markup=False, highlight=False, soft_wrap=True)
        self._last = text


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=PIPED_WIDTH)


def _rich_table(table: Table, console: Console) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    terminal = console.is_terminal
    title = Text(shown(table.title)) if table.title else None
    made = RichTable(
        box=box.SIMPLE_HEAD if terminal else None,
        padding=(0, 1, 0, 0) if terminal else (0, 1),
        show_edge=not terminal,
        pad_edge=False,
        title=title,
        title_justify="left",
    )
    for column in table.columns:
        made.add_column(Text(shown(column)), no_wrap=not terminal or column in table.whole)
    for row in _filled(table.rows, len(table.columns)):
        made.add_row(*(Text(shown(cell, MOST_CELL), style="red" if isinstance(cell, Bad) else "") for cell in row))
    return made


def _filled(rows: Iterable[Sequence[str]], width: int) -> Iterator[list[str]]:
    for row in rows:
        yield [*row, *[""] * (width - len(row))]

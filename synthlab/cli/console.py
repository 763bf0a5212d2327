"""Prints everything the commands show; the only module that uses rich. Piped output is plain text.

Text may come from untrusted sources: control characters are escaped and long text is truncated (`shown`).
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

# Piped tables are for programs and files, so their rows never wrap.
PIPED_WIDTH = 1000


class Bad(str):
    """A cell that reports a problem; red on a terminal."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under column headings. On a narrow terminal, cells wrap except in the `whole` columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    whole: Sequence[str] = ()


def is_asked() -> bool:
    """Whether a person is there to answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def print_bad(text: str) -> None:
    """Print one line that reports a problem; red on a terminal."""
    _console().print(shown(text), style="red", markup=False, highlight=False, soft_wrap=True)


def print_line(text: str) -> None:
    """Print one line."""
    _console().print(shown(text), markup=False, highlight=False, soft_wrap=True)


def print_note(text: str) -> None:
    """Print one line to stderr: worth knowing, but not part of the result."""
    _console(stderr=True).print(shown(text), markup=False, highlight=False, soft_wrap=True)


def print_lines(text: str) -> None:
    """Print several lines, without wrapping."""
    print_text(f"{shown_lines(text)}\n")


def print_log(start: str, text: str) -> None:
    """Print a line of an application's log after our `start`; escaped on a terminal, unchanged elsewhere."""
    print_text(f"{start}{shown_log(text) if sys.stdout.isatty() else text}\n")


def print_text(text: str) -> None:
    """Print text of ours unchanged, for a file or another program."""
    sys.stdout.write(text)
    sys.stdout.flush()


def drop_output() -> None:
    """Discard further output: after a full disk or a closed pipe, flushing at exit would fail again."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    sys.stdout.write(json_text(value, indent=2) + "\n")


def print_json_line(value: Any) -> None:
    """Print a value as one line of JSON, and flush, for a program that reads along."""
    sys.stdout.write(json_text(value) + "\n")
    sys.stdout.flush()


def print_table(table: Table) -> None:
    """Print a table."""
    console = _console()
    console.print(_rich_table(table, console))


def print_error(error: SynthlabError) -> None:
    """Print one red line to stderr, with the error's details below."""
    console = _console(stderr=True)
    console.print(f"synthlab: {shown(error.message)}", style="red", markup=False, highlight=False, soft_wrap=True)
    for line in error.details:
        console.print(f"  {shown_log(line)}", style="dim", markup=False, highlight=False, soft_wrap=True)


def watch(tables: Callable[[], Sequence[Table]], interval_s: float, count: int | None = None) -> None:
    """Print tables every `interval_s`, `count` times or until Ctrl-C; on a terminal, replace the previous ones."""
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
    """Yield 0, 1, 2, ... every `interval_s`, `count` times or endlessly, without drifting."""
    start = time.monotonic()
    for number in itertools.count() if count is None else range(count):
        time.sleep(max(start + number * interval_s - time.monotonic(), 0))
        yield number


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Yield a function that shows progress on stderr: a status line on a terminal, else one line per change."""
    console = _console(stderr=True)
    if console.is_terminal:
        with console.status("") as status:
            yield lambda text: _show_moving(status, text)
    else:
        yield _PlainProgress(console)


class Live:
    """Lines on stderr, with a status line below them on a terminal."""

    def __init__(self, console: Console, status: Status | None) -> None:
        self._console = console
        self._status = status

    def line(self, text: str, style: str = "") -> None:
        """Print a line."""
        self._console.print(shown(text), style=style, markup=False, highlight=False, soft_wrap=True)

    def moving(self, text: str) -> None:
        """Update the status line, if there is one."""
        if self._status:
            _show_moving(self._status, text)

    def progress(self, text: str) -> None:
        """Update the status line; without one, print a line."""
        self.moving(text) if self._status else self.line(text)


@contextlib.contextmanager
def live() -> Iterator[Live]:
    """Yield the lines of a command that keeps running."""
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
    """Prints each line once, if repeated in a row."""

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

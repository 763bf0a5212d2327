"""Terminal output: progress, table, verdict. The only module of the benchmark that uses rich."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from .figure import Result
from .session import Record
from .summary import Summary
from .testbed import KINDS, Kind

PIPED_WIDTH = 200
TOP = 15


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """Yield a function that shows the current run. No refresh in between: it would take CPU from the measurement."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield lambda text: console.print(text, markup=False, highlight=False)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as bar:
        task = bar.add_task("", total=total)
        done = -1

        def progress(text: str) -> None:
            nonlocal done
            done += 1
            bar.update(task, completed=done, description=escape(text), refresh=True)

        yield progress


def table(records: Sequence[Record], machine: dict[str, Any]) -> None:
    """A column per kind; those of another checkout only if it was measured."""
    console = _console()
    compared = any("before" in record.runs for record in records)
    kinds = [kind for kind in KINDS if compared or kind != "before"]
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)
    for heading in ("measurement", "unit"):
        table.add_column(heading)
    for heading in [*kinds, *(["x before"] if compared else [])]:
        table.add_column(heading, justify="right")
    for heading in ("goal", "", "drops and failures, all runs"):
        table.add_column(heading)
    for record in records:
        for row in _rows(record, kinds, compared):
            table.add_row(*row)
    console.print(table)
    runs = sorted({len(one) for record in records for one in record.runs.values()})
    console.print(
        f"Medians of {' or '.join(map(str, runs))} runs [dim](least..most)[/]. {escape(_described(machine))}",
        highlight=False,
    )


def verdict(missed: Sequence[str]) -> None:
    if missed:
        _console().print(f"[red]missed:[/] {escape('; '.join(missed))}", highlight=False, soft_wrap=True)
    else:
        _console().print("[green]all goals met[/]")


def profile(file: Path) -> None:
    """Show the functions and lines with the most samples."""
    samples: dict[str, dict[str, int]] = json.loads(file.read_text())
    total = sum(samples["own"].values()) or 1
    for key, title in (("own", "in the function"), ("all", "including callees"), ("lines", "in the line")):
        table = Table("share", title, box=box.SIMPLE_HEAD, title=f"{total} samples" if key == "own" else None)
        for name, count in Counter(samples[key]).most_common(TOP):
            table.add_row(f"{count / total:.1%}", escape(name))
        _console().print(table)


def error(text: str) -> None:
    _console(stderr=True).print(f"benchmark: {text}", style="red", markup=False, highlight=False, soft_wrap=True)


def note(text: str) -> None:
    _console(stderr=True).print(text, markup=False, highlight=False, soft_wrap=True)


def _rows(record: Record, kinds: Sequence[Kind], compared: bool) -> Iterator[tuple[str, ...]]:
    trouble = _trouble(record)
    for result in record.results():
        figure = result.figure
        yield (
            figure.label,
            figure.unit,
            *(_spread(result.summaries[kind], figure.digits) for kind in kinds),
            *([_spread(result.against_before, 2)] if compared else []),
            figure.goal.text if figure.goal else "",
            _mark(result),
            trouble,
        )
        trouble = ""


def _spread(summary: Summary | None, digits: int) -> str:
    if summary is None:
        return "-"
    median, least, most = (f"{value:.{digits}f}" for value in (summary.median, summary.least, summary.most))
    return f"{median} [dim]({least}..{most})[/]"


def _mark(result: Result) -> str:
    return {None: "", True: "[green]✓[/]", False: "[red]✗[/]"}[result.met]


def _trouble(record: Record) -> str:
    """The forwarder's drops by cause, interface drops, retransmits and losses of both kinds, and failures."""
    drops: Counter[str] = sum(record.drops, Counter())
    shown = [f"{cause} {drops[cause]}" for cause in dict.fromkeys(("send", "kernel", *drops))] if record.drops else []
    for key, label in (("interface_drops", "interface"), ("retransmits", "retransmits"), ("lost", "lost")):
        counts = {kind: record.total(kind, key) for kind in ("forwarder", "bridge")}
        if any(counts.values()) or (key == "retransmits" and counts["forwarder"] is not None):
            bridge = "" if counts["bridge"] is None else f" (bridge {counts['bridge']:.0f})"
            shown.append(f"{label} {counts['forwarder'] or 0:.0f}{bridge}")
    return escape(", ".join([*shown, *dict.fromkeys(record.failures)]))


def _described(machine: dict[str, Any]) -> str:
    return (
        f"{machine['cpus']} x {machine['cpu']}, Linux {machine['kernel']}, Python {machine['python']}, "
        f"load before {machine['load_before']:.2f}, busy {machine['busy_before']:.0%}, "
        f"stolen {machine['stolen_share']:.1%}"
    )


def _console(stderr: bool = False) -> Console:
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=PIPED_WIDTH)

"""The last lines of `scenario run`: what came of one run, or of several; at most MOST_LINES of each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from ..report import headline_of, repeats
from ..scenario.record import Record, Verdict
from ..text.quantities import counted
from .sparkline import sparkline

MOST_LINES = 25
MOST_REASONS = 10
MOST_RUNS = 10
SPARK_WIDTH = 60
_GRAVITY: Sequence[Verdict] = ("wrong use", "failed", "inconclusive", "passed")


def run_lines(record: Record) -> Iterator[str]:
    """Why it did not pass, the number that decided it as a row of bars, and where the evidence is."""
    yield from _some([f"  {reason}" for reason in record.reasons], MOST_REASONS, "reason")
    if record.verdict != "passed":
        yield from (f"  {line}" for line in _course(record))
    if outside := record.facts.get("outside"):
        yield f"  {outside}"
    if record.evidence:
        yield f"  evidence: {os.path.commonpath(list(record.evidence.values()))}"
    yield f"{record.verdict}: {record.scenario}, {record.duration_s:.1f} s"


def summary_lines(records: Sequence[Record]) -> list[str]:
    """The count of each verdict, the runs that did not pass, and for repeated scenarios the spread of each number."""
    return list(_some(list(_summary(records)), MOST_LINES - 1, "line"))


def _summary(records: Sequence[Record]) -> Iterator[str]:
    counts = {verdict: sum(record.verdict == verdict for record in records) for verdict in _GRAVITY}
    yield ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    if shared := Counter(record.engine for record in records if record.engine):
        yield "runs per engine: " + ", ".join(f"{engine} {count}" for engine, count in shared.items())
    bad = [(number, record) for number, record in enumerate(records, 1) if record.verdict != "passed"]
    yield from _some([_bad_line(number, record) for number, record in bad], MOST_RUNS, "run")
    for scenario, runs, expectations in repeats(records):
        yield f"{runs} runs of {scenario}: median (min to max)"
        yield from (f"  {one.title}: {', '.join(one.parts)}" for one in expectations)


def _bad_line(number: int, record: Record) -> str:
    values = "".join(f", {name} = {value}" for name, value in record.variables.items())
    return f"  run {number} (seed {record.seed}{values}): {record.verdict}: {headline_of(record).why}"


def _course(record: Record) -> Iterator[str]:
    """The samples of the number that decided the run, each bar the mean of a part of the run."""
    headline = headline_of(record)
    line = headline.picture.row.lines[0] if headline.picture else None
    values = [value for value in line.values if isinstance(value, int | float)] if line else []
    if line is None or not values:
        return
    length = max(1, -(-len(values) // SPARK_WIDTH))
    parts = [values[at : at + length] for at in range(0, len(values), length)]
    yield f"{line.name}  {sparkline([sum(part) / len(part) for part in parts])}"


def _some(lines: Sequence[str], most: int, what: str) -> Iterator[str]:
    """The first ones, and how many more there are."""
    yield from islice(lines, most)
    if len(lines) > most:
        yield f"  {counted(len(lines) - most, f'more {what}')} in the report"

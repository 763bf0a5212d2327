"""Writes records as Markdown, for a pull request or a CI job's summary (GitHub Flavored Markdown).

Texts of scenarios, applications and files are untrusted: nothing in them becomes markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..scenario.expression import value_text
from ..scenario.record import Judged, Record
from ..scenario.titles import run_titles, title
from ..text.durations import format_seconds
from ..text.markdown import markdown_escaped, markdown_row
from .runs import worst
from .timeline import SIGNS


def markdown_text(records: Sequence[Record]) -> str:
    """A heading with the overall verdict, a row per run, and the expectations of each run that did not pass."""
    verdict = worst([record.verdict for record in records])
    return "\n".join([f"## {SIGNS[verdict]} {_counts(records)}", "", *_runs(records), *_troubles(records)]) + "\n"


def _counts(records: Sequence[Record]) -> str:
    """`2 passed, 1 failed`."""
    counts = Counter(record.verdict for record in records)
    return ", ".join(f"{number} {verdict}" for verdict in SIGNS if (number := counts[verdict]))


def _runs(records: Sequence[Record]) -> Iterator[str]:
    yield markdown_row("", "scenario", "verdict", "seed", "time", "why")
    yield markdown_row("---", "---", "---", "---:", "---:", "---")
    for name, record in zip(run_titles(records), records, strict=True):
        why = record.reasons[0] if record.reasons and record.verdict != "passed" else ""
        numbers = str(record.seed), format_seconds(record.duration_s)
        yield _escaped_row(SIGNS[record.verdict], name, record.verdict, *numbers, why)


def _troubles(records: Sequence[Record]) -> Iterator[str]:
    for name, record in zip(run_titles(records), records, strict=True):
        if record.verdict == "passed" or not record.judged:
            continue
        yield from ("", f"### {SIGNS[record.verdict]} {markdown_escaped(name)}", "")
        yield markdown_row("", "expectation", "result", "seen")
        yield markdown_row("---", "---", "---", "---")
        yield from map(_judged, record.judged)


def _judged(one: Judged) -> str:
    seen = ", ".join(f"{name} = {value_text(name, value)}" for name, value in one.seen.items())
    return _escaped_row(SIGNS[one.verdict], title(one), one.reason or one.verdict, seen)


def _escaped_row(*cells: str) -> str:
    return markdown_row(*map(markdown_escaped, cells))

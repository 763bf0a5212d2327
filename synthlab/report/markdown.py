"""Writes records as Markdown, for a pull request or a CI job's summary (GitHub Flavored Markdown).

Texts of scenarios, applications and files are untrusted: nothing in them becomes markup.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ..scenario.expression import value_text
from ..scenario.record import Judged, Record
from ..scenario.titles import run_titles, title
from ..text.durations import format_seconds
from ..text.escaping import MOST_CELL, shown
from .runs import worst
from .timeline import SIGNS

_MARKUP = re.compile(r"([\\`*_\[\]<>#.|~&@:])")


def markdown_text(records: Sequence[Record]) -> str:
    """A heading with the overall verdict, a row per run, and the expectations of each run that did not pass."""
    verdict = worst([record.verdict for record in records])
    return "\n".join([f"## {SIGNS[verdict]} {_counts(records)}", "", *_runs(records), *_troubles(records)]) + "\n"


def escaped(text: str) -> str:
    """`text` on one line, as Markdown that shows exactly these characters, also in a table's cell."""
    return _MARKUP.sub(r"\\\1", shown(text, MOST_CELL))


def row(*cells: str) -> str:
    """A row of a table; the cells are Markdown."""
    return f"| {' | '.join(cells)} |"


def _counts(records: Sequence[Record]) -> str:
    """`2 passed, 1 failed`."""
    counts = Counter(record.verdict for record in records)
    return ", ".join(f"{number} {verdict}" for verdict in SIGNS if (number := counts[verdict]))


def _runs(records: Sequence[Record]) -> Iterator[str]:
    yield row("", "scenario", "verdict", "seed", "time", "why")
    yield row("---", "---", "---", "---:", "---:", "---")
    for name, record in zip(run_titles(records), records, strict=True):
        why = record.reasons[0] if record.reasons and record.verdict != "passed" else ""
        numbers = str(record.seed), format_seconds(record.duration_s)
        yield row(SIGNS[record.verdict], escaped(name), record.verdict, *map(escaped, numbers), escaped(why))


def _troubles(records: Sequence[Record]) -> Iterator[str]:
    for name, record in zip(run_titles(records), records, strict=True):
        if record.verdict == "passed" or not record.judged:
            continue
        yield from ("", f"### {SIGNS[record.verdict]} {escaped(name)}", "")
        yield row("", "expectation", "result", "seen")
        yield row("---", "---", "---", "---")
        yield from map(_judged, record.judged)


def _judged(one: Judged) -> str:
    seen = ", ".join(f"{name} = {value_text(name, value)}" for name, value in one.seen.items())
    return row(SIGNS[one.verdict], escaped(title(one)), escaped(one.reason or one.verdict), escaped(seen))

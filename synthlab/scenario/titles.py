"""Titles of steps and runs for comparing runs: based on marks and texts, which survive edits that move lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from .record import Judged, Played, Record


def title(one: Judged | Played) -> str:
    """Its mark, or its text if it has none."""
    return one.mark or one.text


def titles(judged: Sequence[Judged]) -> tuple[str, ...]:
    """Distinct titles of a run's expectations."""
    return distinct(map(title, judged))


def run_titles(records: Sequence[Record]) -> tuple[str, ...]:
    """Distinct titles of runs."""
    return distinct(record.scenario for record in records)


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names with repeated ones numbered: `fps > 5`, `fps > 5 #2`."""
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return tuple(numbered)

"""What steps and runs are called wherever runs are compared: by their marks and words, not by their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from .record import Judged, Played, Record


def title(one: Judged | Played) -> str:
    """Its mark or, without one, its words: the same wherever it stands in its file."""
    return one.mark or one.text


def titles(judged: Sequence[Judged]) -> tuple[str, ...]:
    """Those of all expectations of a run."""
    return distinct(map(title, judged))


def run_titles(records: Sequence[Record]) -> tuple[str, ...]:
    """Those of several runs."""
    return distinct(record.scenario for record in records)


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Names of which a later one that is the same has the number of its turn: `fps > 5`, `fps > 5 #2`."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return tuple(found)

"""Summarizes repeated runs of a scenario: how often each expectation held, and the spread of its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from ..scenario.expression import value_text
from ..scenario.record import Judged, Record
from ..scenario.titles import titles
from ..text.durations import format_seconds


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, minimum and maximum of a number over the runs that have it."""

    median: float
    least: float
    most: float
    runs: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        return cls(median(values), min(values), max(values), len(values)) if values else None


@dataclass(frozen=True, slots=True)
class Repeated:
    """An expectation over all runs that reached it. `took` covers the runs in which it held."""

    title: str
    held: int
    asked: int
    took: Spread | None
    seen: Mapping[str, Spread]

    @property
    def parts(self) -> tuple[str, ...]:
        """As texts: `held in 4 of 5`, then each number."""
        took = [] if self.took is None else [f"took {_words(self.took, format_seconds)}"]
        seen = (f"{name} {_words(one, partial(value_text, name))}" for name, one in self.seen.items())
        return (f"held in {self.held} of {self.asked}", *took, *seen)


def _words(spread: Spread, format_value: Callable[[float], str]) -> str:
    """`4.2s (3.9s to 5.1s)`."""
    return f"{format_value(spread.median)} ({format_value(spread.least)} to {format_value(spread.most)})"


def repeats(records: Sequence[Record]) -> Iterator[tuple[str, int, tuple[Repeated, ...]]]:
    """Each scenario run more than once with the same variables: name and variables, number of runs, expectations."""
    groups: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        if record.verdict != "wrong use":
            groups.setdefault((record.scenario, record.file, *sorted(record.variables.items())), []).append(record)
    for runs in groups.values():
        if len(runs) > 1:
            yield _named(runs[0]), len(runs), tuple(_repeated(runs))


def _named(record: Record) -> str:
    values = ", ".join(f"{name} = {value}" for name, value in record.variables.items())
    return f"{record.scenario} ({values})" if values else record.scenario


def _repeated(runs: Sequence[Record]) -> Iterator[Repeated]:
    decided: dict[str, list[Judged]] = {}
    for record in runs:
        for name, judged in zip(titles(record.judged), record.judged, strict=True):
            if judged.decided_s is not None:
                decided.setdefault(name, []).append(judged)
    for name, asked in decided.items():
        took = Spread.of([one.took_s for one in asked if one.took_s is not None])
        held = sum(one.verdict == "passed" for one in asked)
        yield Repeated(name, held, len(asked), took, dict(_seen(asked)))


def _seen(judged: Sequence[Judged]) -> Iterator[tuple[str, Spread]]:
    for name in dict.fromkeys(name for one in judged for name in one.seen):
        if spread := Spread.of(list(_stats(one.seen.get(name) for one in judged))):
            yield name, spread


def _stats(values: Iterable[object]) -> Iterator[float]:
    yield from (float(value) for value in values if isinstance(value, int | float))

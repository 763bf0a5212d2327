"""The numbers of a run that its scenario expects something of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from ..scenario.record import Judged, Record
from ..scenario.titles import titles

TOOK = "took_s"
"""The time that a `recovers` took, in seconds."""
BEFORE = "before."


@dataclass(frozen=True, slots=True, order=True)
class NumberName:
    """A number of an expectation: `client1.video.client2.fps` or `took_s`."""

    expectation: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.expectation})"


def numbers_of(record: Record) -> dict[NumberName, float]:
    """Each number that a decided expectation is about, and the time that a recovery took.

    A number is the mean of its samples while the expectation was judged. Texts and absent numbers have none.
    """
    found: dict[NumberName, float] = {}
    for title, judged in zip(titles(record.judged), record.judged, strict=True):
        if judged.decided_s is None:
            continue
        for name in judged.seen:
            if not name.startswith(BEFORE) and (samples := list(_while_judged(record, judged, name))):
                found[NumberName(title, name)] = fmean(samples)
        if judged.took_s is not None and judged.kind == "recovers":
            found[NumberName(title, TOOK)] = judged.took_s
    return found


def _while_judged(record: Record, judged: Judged, name: str) -> Iterator[float]:
    """The samples between the start and the decision; without any, what decided."""
    series = record.samples.get(name)
    asked_s, decided_s = judged.asked_s or 0.0, judged.decided_s or 0.0
    within = [
        value
        for at_s, value in (zip(series.times_s, series.values, strict=True) if series else ())
        if asked_s <= at_s <= decided_s and isinstance(value, int | float)
    ]
    last = judged.seen[name]
    yield from within or ([last] if isinstance(last, int | float) else [])

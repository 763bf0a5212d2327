"""The result of a bisection: between which values a scenario begins to fail, with all runs, as data and as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..scenario.record import Record
from ..scenario.titles import titles
from .bisection import Bisection, State
from .value_range import ValueRange

BreakState = State | Literal["stopped"]
"""`stopped`: too many runs in a row could not be judged; `ends` and `searching`: it was interrupted."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One run with the value that it was played with."""

    value: str
    record: Record

    def to_dict(self) -> dict[str, Any]:
        names = ("seed", "verdict", "retried", "reasons", "started", "duration_s", "lab")
        return {"value": self.value} | {name: getattr(self.record, name) for name in names}


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A value: how many runs were judged there, how many failed, and the share that the fitted curve expects to."""

    value: str
    runs: int
    failed: int
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where it begins to fail.

    `passes` and `fails` are the values that enclose the value at which half of the runs fail, with this `confidence`;
    None if there is none in the range. `expectation` is the title of the one that failed most often.
    """

    variable: str
    state: BreakState
    confidence: float
    passes: str | None
    fails: str | None
    expectation: str | None
    curve: tuple[CurvePoint, ...]
    tried: tuple[Tried, ...]

    @property
    def exit_code(self) -> int:
        """0: the break was found, or nothing fails; 1: everything fails; 3: it could not be found out."""
        return {"fails": 1, "stopped": 3, "searching": 3, "ends": 3}.get(self.state, 0)

    def to_dict(self) -> dict[str, Any]:
        return {
            "variable": self.variable,
            "state": self.state,
            "passes": self.passes,
            "fails": self.fails,
            "confidence": self.confidence,
            "expectation": self.expectation,
            "curve": [
                {"value": one.value, "runs": one.runs, "failed": one.failed, "expected": round(one.expected, 4)}
                for one in self.curve
            ],
            "runs": [one.to_dict() for one in self.tried],
        }

    def lines(self) -> Iterator[str]:
        """The result in a few lines."""
        first, last = self.curve[0].value, self.curve[-1].value
        runs = f"{len(self.tried)} run{'s' * (len(self.tried) != 1)}"
        if self.state == "passes":
            yield f"{self.variable}: passes at both {first} and {last}: no break between them ({runs})"
        elif self.state == "fails":
            yield f"{self.variable}: fails at both {first} and {last}: no break between them ({runs})"
        elif self.passes is None:
            yield f"{self.variable}: not found out ({runs})"
        else:
            sure = f"{self.confidence:.0%} confidence, {runs}"
            yield f"{self.variable}: passes at {self.passes}, fails at {self.fails} ({sure})"
            if self.state == "wide":
                yield "wider than the resolution: the break is gradual; more runs (--most-runs) narrow it down"
        if self.expectation:
            yield f"what fails: {self.expectation}"
        if self.state == "stopped":
            yield f"stopped: {self.tried[-1].record.reasons[0] if self.tried[-1].record.reasons else 'inconclusive'}"


def result_of(values: ValueRange, bisection: Bisection, tried: Sequence[Tried], stopped: bool = False) -> Break:
    """The result of the bisection so far; `stopped` if too many runs in a row could not be judged."""
    passes, fails = _ends(values, bisection)
    return Break(
        variable=values.variable,
        state="stopped" if stopped else bisection.state,
        confidence=bisection.confidence,
        passes=passes,
        fails=fails,
        expectation=_expectation([one.record for one in tried]),
        curve=tuple(_curve(values, bisection)),
        tried=tuple(tried),
    )


def _ends(values: ValueRange, bisection: Bisection) -> tuple[str | None, str | None]:
    if not bisection.has_break:
        return None, None
    low, high = values.values[bisection.interval.low], values.values[bisection.interval.high]
    return (low, high) if bisection.rising else (high, low)


def _curve(values: ValueRange, bisection: Bisection) -> Iterator[CurvePoint]:
    counts: Mapping[int, int] = Counter(value for value, _ in bisection.outcomes)
    failed: Mapping[int, int] = Counter(value for value, failed in bisection.outcomes if failed)
    expected = bisection.curve()
    for number, value in enumerate(values.values):
        yield CurvePoint(value, counts.get(number, 0), failed.get(number, 0), expected[number])


def _expectation(records: Sequence[Record]) -> str | None:
    """The title of the expectation that failed most often."""
    failed = Counter(
        name
        for record in records
        if record.verdict == "failed"
        for name, judged in zip(titles(record.judged), record.judged, strict=True)
        if judged.verdict == "failed"
    )
    return failed.most_common(1)[0][0] if failed else None

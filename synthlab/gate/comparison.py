"""Compares runs of BASE and NEW: which numbers differ beyond their noise, and which scenarios changed their verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import copysign, inf, isfinite
from statistics import median
from typing import Any

from ..scenario.record import Record
from ..scenario.titles import titles
from .direction import Worse, worse_direction
from .run_numbers import TOOK, NumberName, numbers_of
from .sample_test import Shift, fisher_p, holm, least_p, permutation_p, shift

ALPHA = 0.004
"""The chance that a comparison of equal code reports any difference at all."""
JUDGED = ("passed", "failed")
CONFIDENCE = 0.95
"""Of the interval of each change."""
TEST = "exact permutation test of each number's mean, Fisher's exact test of verdicts, Holm's correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberChange:
    """A number that a scenario expects something of, on both sides. `p` is corrected for all tests."""

    scenario: str
    number: NumberName
    worse: Worse
    base: tuple[float, ...]
    new: tuple[float, ...]
    shift: Shift
    p: float

    @property
    def varies(self) -> bool:
        """Whether it was not the same in all runs; if it was, there is nothing to test."""
        return len({*self.base, *self.new}) > 1

    @property
    def differs(self) -> bool:
        """Whether it differs beyond its noise."""
        return self.p <= ALPHA

    @property
    def relative(self) -> float:
        """The change as a share of BASE's median; infinite from 0."""
        before = abs(median(self.base))
        if not self.shift.estimate:
            return 0.0
        return self.shift.estimate / before if before else copysign(inf, self.shift.estimate)

    def regressed(self, limit: float) -> bool:
        """Whether it became worse beyond its noise, and by more than `limit`, a share."""
        worse = {"lower": self.relative < 0, "higher": self.relative > 0, "either": True}[self.worse]
        return self.differs and worse and abs(self.relative) > limit


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictChange:
    """How often a scenario passed and failed on both sides; `p` is corrected."""

    scenario: str
    base: tuple[int, int]
    new: tuple[int, int]
    p: float

    @property
    def varies(self) -> bool:
        """Whether some runs passed and others failed; if not, there is nothing to test."""
        return self.base[0] + self.new[0] > 0 < self.base[1] + self.new[1]

    @property
    def changed(self) -> bool:
        """Whether most runs passed on one side, and not on the other."""
        return (self.base[0] > self.base[1]) != (self.new[0] > self.new[1])

    @property
    def differs(self) -> bool:
        """Whether the share of runs that passed differs beyond noise."""
        return self.p <= ALPHA

    @property
    def regressed(self) -> bool:
        return self.differs and self.new[0] * sum(self.base) < self.base[0] * sum(self.new)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonResult:
    """The result. `trend`: the sides were not run side by side. `limit` is the share that a regression must exceed."""

    base: str
    new: str
    trend: bool
    limit: float
    verdicts: tuple[VerdictChange, ...]
    numbers: tuple[NumberChange, ...]
    doubted: int
    """Inconclusive runs, which count for nothing."""
    unjudged: tuple[str, ...]
    """Scenarios that both sides have, but not with a judged run on each."""
    alone: tuple[str, ...]
    """Scenarios that only one side has."""

    @property
    def tests(self) -> int:
        return sum(one.varies for one in self.verdicts) + sum(one.varies for one in self.numbers)

    @property
    def too_few(self) -> list[str]:
        """Scenarios with too few judged runs for any difference to show."""
        small = [one.scenario for one in self.verdicts if least_p(sum(one.base), sum(one.new)) * self.tests > ALPHA]
        return [*self.unjudged, *small]

    @property
    def regressions(self) -> list[NumberChange | VerdictChange]:
        numbers = [one for one in self.numbers if one.regressed(self.limit)]
        return [*(one for one in self.verdicts if one.regressed), *numbers]

    @property
    def exit_code(self) -> int:
        """1: a regression; 3: too few judged runs to find one, or nothing to compare; 0 otherwise."""
        return 1 if self.regressions else 3 if self.too_few or not self.verdicts else 0

    def to_dict(self) -> dict[str, Any]:
        return {
            "base": self.base,
            "new": self.new,
            "trend": self.trend,
            "test": TEST,
            "alpha": ALPHA,
            "limit": self.limit,
            "tests": self.tests,
            "inconclusive": self.doubted,
            "too_few": self.too_few,
            "alone": list(self.alone),
            "regressions": len(self.regressions),
            "verdicts": [_verdict(one) for one in self.verdicts],
            "numbers": [_number(one, self.limit) for one in self.numbers],
        }


def compare(
    base: Sequence[Record], new: Sequence[Record], names: tuple[str, str], trend: bool, limit: float
) -> ComparisonResult:
    """Compare the judged runs of all scenarios that both sides have; `names` are those of the sides."""
    before, after = _by_scenario(base), _by_scenario(new)
    both = [name for name in before if name in after]
    shared = [name for name in both if before[name] and after[name]]
    verdicts = [_verdict_change(name, before[name], after[name]) for name in shared]
    numbers = [change for name in shared for change in _number_changes(name, before[name], after[name])]
    tested = [*(one.p for one in verdicts if one.varies), *(one.p for one in numbers if one.varies)]
    corrected = iter(holm(tested))
    return ComparisonResult(
        base=names[0],
        new=names[1],
        trend=trend,
        limit=limit,
        verdicts=tuple(replace(one, p=next(corrected)) if one.varies else one for one in verdicts),
        numbers=tuple(replace(one, p=next(corrected)) if one.varies else one for one in numbers),
        unjudged=tuple(name for name in both if name not in shared),
        alone=tuple(name for name in {**before, **after} if name not in both),
        doubted=sum(one.verdict not in JUDGED for one in (*base, *new)),
    )


def _by_scenario(records: Sequence[Record]) -> dict[str, list[Record]]:
    """The judged runs of each scenario."""
    runs: dict[str, list[Record]] = {record.scenario: [] for record in records}
    for record in records:
        if record.verdict in JUDGED:
            runs[record.scenario].append(record)
    return runs


def most_tests(runs: int) -> int:
    """How many tests a comparison of this many runs each may have for a difference in one of them to show."""
    return int(ALPHA / least_p(runs, runs))


def _verdict_change(scenario: str, base: Sequence[Record], new: Sequence[Record]) -> VerdictChange:
    counts = [(sum(one.verdict == "passed" for one in side), len(side)) for side in (base, new)]
    before, after = ((passed, runs - passed) for passed, runs in counts)
    return VerdictChange(scenario=scenario, base=before, new=after, p=fisher_p(before, after))


def _number_changes(scenario: str, base: Sequence[Record], new: Sequence[Record]) -> Iterator[NumberChange]:
    found = [[numbers_of(record) for record in side] for side in (base, new)]
    worse = {
        (title, name): worse_direction(judged, name)
        for record in (*base, *new)
        for title, judged in zip(titles(record.judged), record.judged, strict=True)
        for name in (*judged.seen, TOOK)
    }
    for number in dict.fromkeys(name for side in found for record in side for name in record):
        before, after = (tuple(record[number] for record in side if number in record) for side in found)
        if before and after:
            yield NumberChange(
                scenario=scenario,
                number=number,
                worse=worse[number.expectation, number.name],
                base=before,
                new=after,
                shift=shift(before, after, CONFIDENCE),
                p=permutation_p(before, after),
            )


def _verdict(one: VerdictChange) -> dict[str, Any]:
    sides = {"base": one.base, "new": one.new}
    counts = {name: {"passed": passed, "failed": failed} for name, (passed, failed) in sides.items()}
    facts = {"p": one.p, "differs": one.differs, "changed": one.changed, "regressed": one.regressed}
    return {"scenario": one.scenario, **counts, **facts}


def _number(one: NumberChange, limit: float) -> dict[str, Any]:
    relative = one.relative if isfinite(one.relative) else None
    return {
        "scenario": one.scenario,
        "expectation": one.number.expectation,
        "name": one.number.name,
        "base": list(one.base),
        "new": list(one.new),
        "worse": one.worse,
        "change": one.shift.estimate,
        "interval": [one.shift.low, one.shift.high],
        "relative": relative,
        "p": one.p,
        "differs": one.differs,
        "regressed": one.regressed(limit),
    }

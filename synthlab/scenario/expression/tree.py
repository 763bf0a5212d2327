"""The nodes of an expression and their evaluation. None means "no data" and propagates to every dependent node.

It is not 0: a client that stopped answering must fail an `expect`, and must not pass a `never`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ...text.durations import MS_NS, format_duration
from .catalogue import Measure
from .fairness import jain
from .samples import NEVER_NS, RATE_NS, Gap, Sample, Samples, Value, growth, numbers

Result = Value | bool | None

MOST_MISSING = 0.1
"""The share of its window in which a mean may have no data: a sample that got lost costs no long average."""
LONGEST_GAP_NS = 1500 * MS_NS
"""A mean has no data if a single gap is longer: that is no lost sample, but a client that hung or a closed page."""


@dataclass(frozen=True, slots=True)
class SeenValue:
    """What a number came to, in the unit of its samples.

    `at_ns` is when a minimum or maximum was measured, `missing_ns` how long a mean had no data in its window.
    """

    name: str
    value: Value | None
    at_ns: int | None = None
    missing_ns: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """The samples to evaluate on: at a time, or in the `baseline`.

    Evaluation adds each number it uses to `seen`, what people are shown of it to `shown`, and the start of the time it
    covers to `since`. Numbers that have no data now, but may be back soon enough, are in `waits`.
    """

    samples: Samples
    now_ns: int
    baseline: bool = False
    seen: dict[str, Value | None] = field(default_factory=dict)
    shown: dict[str, SeenValue] = field(default_factory=dict)
    since: list[int] = field(default_factory=list)
    waits: set[str] = field(default_factory=set)

    def before(self) -> View:
        return replace(self, baseline=True)

    def show(self, text: str, shown: SeenValue) -> None:
        self.shown[f"before.{text}" if self.baseline else text] = shown

    def newest(self, name: str) -> Sample:
        """The latest sample of a number; one that has never been polled counts as absent all along."""
        return self.samples.newest(name, self.now_ns) or Sample(NEVER_NS, None)

    def speaks_since(self, at_ns: int, newest: Sample, name: str) -> None:
        """Add the start of the time that a reading covers; an absence covers at most the time since it began."""
        self.since.append(at_ns if newest.value is not None else max(at_ns, self.samples.absent_ns(name, self.now_ns)))


class ExpressionNode(Protocol):
    def value(self, view: View) -> Result: ...


@dataclass(frozen=True, slots=True)
class Constant:
    """A number in base units, or a text."""

    given: Value

    def value(self, view: View) -> Result:
        return self.given


@dataclass(frozen=True, slots=True)
class Number:
    """A measured number in base units: its latest sample, or its mean over a window or over the baseline."""

    name: str
    measure: Measure
    window_ns: int = 0

    def value(self, view: View) -> Result:
        value, missing_ns = self._read(view)
        view.seen[f"before.{self.name}" if view.baseline else self.name] = value
        view.show(self.name, SeenValue(self.name, value, missing_ns=missing_ns))
        return value * self.measure.scale if isinstance(value, float | int) else value

    def _read(self, view: View) -> tuple[Value | None, int]:
        """The value, and how long there was no data for it."""
        if view.baseline:
            return _mean(in_baseline(view, self, MOST_MISSING)), 0
        if self.window_ns:
            samples, missing_ns = in_window(view, self, self.window_ns, MOST_MISSING)
            return _mean(samples), missing_ns
        newest = view.newest(self.name)
        view.speaks_since(newest.at_ns - self.spans_ns, newest, self.name)
        return newest.value, 0

    @property
    def spans_ns(self) -> int:
        """The length of the time before a sample that it covers."""
        return RATE_NS if self.measure.averaged else 0


@dataclass(frozen=True, slots=True)
class Extreme:
    """The minimum, maximum or growth of a number within a window."""

    number: Number
    kind: str
    window_ns: int

    @property
    def text(self) -> str:
        return f"{self.kind}({self.number.name}, {format_duration(self.window_ns)})"

    def value(self, view: View) -> Result:
        samples = in_baseline(view, self.number) if view.baseline else in_window(view, self.number, self.window_ns)[0]
        shown = self._shown(samples)
        view.show(self.text, replace(shown, at_ns=None) if view.baseline else shown)
        if not view.baseline:
            # The number may have been read without a window, too, which says more of it.
            view.seen.setdefault(self.number.name, shown.value)
        return shown.value * self.number.measure.scale if isinstance(shown.value, float | int) else None

    def _shown(self, samples: Sequence[Sample]) -> SeenValue:
        name = self.number.name
        if self.kind == "growth":
            return SeenValue(name, growth(samples, self.number.measure.total))
        measured = [(value, sample.at_ns) for sample in samples for value in numbers((sample,))]
        value, at_ns = _EXTREMES[self.kind](measured, key=lambda one: one[0], default=(None, None))
        return SeenValue(name, value, at_ns)


def in_window(view: View, number: Number, window_ns: int, most_missing: float = 0) -> tuple[Sequence[Sample], int]:
    """The samples that cover only a window ending now, and how long there was no data in it.

    They are empty if that is more than the share `most_missing`.
    """
    name, newest = number.name, view.newest(number.name)
    # A rate sample averages the second before it: skip those that reach back before the window, but keep the newest.
    begin_ns = min(view.now_ns - window_ns + number.spans_ns, newest.at_ns)
    view.speaks_since(min(view.now_ns - window_ns, begin_ns - number.spans_ns), newest, name)
    since_ns = view.now_ns - window_ns
    if newest.value is None:
        gap = Gap(view.samples.absent_ns(name, view.now_ns), None)
        if most_missing and not _too_much([gap], since_ns, view.now_ns, most_missing):
            view.waits.add(name)
        return (), 0
    gaps = view.samples.gaps(name, begin_ns, view.now_ns)
    if _too_much(gaps, since_ns, view.now_ns, most_missing):
        return (), 0
    samples = view.samples.window(name, begin_ns, view.now_ns)
    return samples if numbers(samples) else (newest,), _missing_ns(gaps, since_ns, view.now_ns)


def in_baseline(view: View, number: Number, most_missing: float = 0) -> Sequence[Sample]:
    """The samples that cover only the baseline; empty without one, or if more than `most_missing` of it has no data."""
    if view.samples.baseline is None:
        return ()
    begin_ns, end_ns = view.samples.baseline
    # Of a shorter baseline, hardly a sample would be left without those that reach back before it.
    spans_ns = number.spans_ns if end_ns - begin_ns >= 2 * number.spans_ns else 0
    samples = view.samples.window(number.name, begin_ns + spans_ns, end_ns)
    gaps = view.samples.gaps(number.name, samples[0].at_ns, end_ns) if samples else ()
    return samples if numbers(samples) and not _too_much(gaps, begin_ns, end_ns, most_missing) else ()


def _too_much(gaps: Sequence[Gap], since_ns: int, until_ns: int, most_missing: float) -> bool:
    """Whether too much of a time is without data. A gap at its edge is as long as it is, also outside of that time."""
    longest_ns = max((gap.within_ns(NEVER_NS, until_ns) for gap in gaps), default=0)
    most_ns = round((until_ns - since_ns) * most_missing)
    return longest_ns > LONGEST_GAP_NS or _missing_ns(gaps, since_ns, until_ns) > most_ns


def _missing_ns(gaps: Sequence[Gap], since_ns: int, until_ns: int) -> int:
    return sum(gap.within_ns(since_ns, until_ns) for gap in gaps)


def _mean(samples: Sequence[Sample]) -> float | None:
    values = numbers(samples)
    return sum(values) / len(values) if values else None


_EXTREMES: Mapping[str, Callable[..., Any]] = {"min": min, "max": max}
_CHOSEN: Mapping[str, Callable[[Sequence[float]], float | None]] = {
    **_EXTREMES,
    "abs": lambda values: abs(values[0]),
    "fairness": jain,
}


@dataclass(frozen=True, slots=True)
class Before:
    """The value of a part in the baseline."""

    part: ExpressionNode

    def value(self, view: View) -> Result:
        return self.part.value(view.before())


@dataclass(frozen=True, slots=True)
class Absent:
    """Whether a number has no data; the only node that is true without any."""

    number: Number

    def value(self, view: View) -> Result:
        newest = view.newest(self.number.name)
        view.since.append(newest.at_ns)
        view.seen[self.number.name] = newest.value
        return newest.value is None


@dataclass(frozen=True, slots=True)
class Operation:
    """Arithmetic on two parts; division by zero gives no data."""

    sign: str
    left: ExpressionNode
    right: ExpressionNode

    def value(self, view: View) -> Result:
        left, right = self.left.value(view), self.right.value(view)
        if not isinstance(left, float | int) or not isinstance(right, float | int):
            return None
        try:
            return float(ARITHMETIC[self.sign](left, right))
        except ZeroDivisionError:
            return None


@dataclass(frozen=True, slots=True)
class Chosen:
    """One number of several parts: the minimum, the maximum or Jain's index; or the absolute value of one."""

    kind: str
    parts: tuple[ExpressionNode, ...]

    def value(self, view: View) -> Result:
        values = [part.value(view) for part in self.parts]
        present = [float(value) for value in values if isinstance(value, float | int)]
        if len(present) < len(values):
            return None
        return _CHOSEN[self.kind](present)


@dataclass(frozen=True, slots=True)
class Comparison:
    sign: str
    left: ExpressionNode
    right: ExpressionNode

    def value(self, view: View) -> Result:
        left, right = self.left.value(view), self.right.value(view)
        if left is None or right is None:
            return None
        return bool(COMPARISONS[self.sign](left, right))


@dataclass(frozen=True, slots=True)
class Junction:
    """`and` or `or` in Kleene's logic: no data on one side does not matter if the other side decides."""

    decisive: bool
    parts: tuple[ExpressionNode, ...]

    def value(self, view: View) -> Result:
        values = [part.value(view) for part in self.parts]
        if self.decisive in values:
            return self.decisive
        return None if None in values else not self.decisive


@dataclass(frozen=True, slots=True)
class Not:
    part: ExpressionNode

    def value(self, view: View) -> Result:
        value = self.part.value(view)
        return None if value is None else not value


ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}

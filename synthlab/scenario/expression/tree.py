"""The nodes of an expression and their evaluation. None means "no data" and propagates to every dependent node.

It is not 0: a client that stopped answering must fail an `expect`, and must not pass a `never`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .catalogue import Measure
from .samples import NEVER_NS, RATE_NS, Sample, Samples, Value, growth, numbers

Result = Value | bool | None


@dataclass(frozen=True, slots=True)
class View:
    """The samples to evaluate on: at a time, or in the `baseline`.

    Evaluation adds each number it uses to `seen`, and the start of the time each covers to `since`.
    """

    samples: Samples
    now_ns: int
    baseline: bool = False
    seen: dict[str, Value | None] = field(default_factory=dict)
    since: list[int] = field(default_factory=list)

    def before(self) -> View:
        return View(self.samples, self.now_ns, True, self.seen, self.since)

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
        value: Value | None = _mean(in_baseline(view, self)) if view.baseline else self._now(view)
        view.seen[f"before.{self.name}" if view.baseline else self.name] = value
        return value * self.measure.scale if isinstance(value, float | int) else value

    def _now(self, view: View) -> Value | None:
        if self.window_ns:
            return _mean(in_window(view, self, self.window_ns))
        newest = view.newest(self.name)
        view.speaks_since(newest.at_ns - self.spans_ns, newest, self.name)
        return newest.value

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

    def value(self, view: View) -> Result:
        if view.baseline:
            samples = in_baseline(view, self.number)
        else:
            samples = in_window(view, self.number, self.window_ns)
            view.seen[self.number.name] = samples[-1].value if samples else None
        if self.kind == "growth":
            value = growth(samples, self.number.measure.total)
        else:
            value = _EXTREMES[self.kind](numbers(samples)) if samples else None
        return None if value is None else value * self.number.measure.scale


def in_window(view: View, number: Number, window_ns: int) -> Sequence[Sample]:
    """The samples that cover only a window ending now; empty if there are gaps in it."""
    name, newest = number.name, view.newest(number.name)
    # A rate sample averages the second before it: skip those that reach back before the window, but keep the newest.
    begin_ns = min(view.now_ns - window_ns + number.spans_ns, newest.at_ns)
    view.speaks_since(min(view.now_ns - window_ns, begin_ns - number.spans_ns), newest, name)
    if newest.value is None or not view.samples.covers(name, begin_ns, view.now_ns):
        return ()
    samples = view.samples.window(name, begin_ns, view.now_ns)
    return samples if numbers(samples) else (newest,) if numbers((newest,)) else ()


def in_baseline(view: View, number: Number) -> Sequence[Sample]:
    """The samples that cover only the baseline; empty without one, or if the number was absent in it."""
    if view.samples.baseline is None:
        return ()
    begin_ns, end_ns = view.samples.baseline
    # Of a shorter baseline, hardly a sample would be left without those that reach back before it.
    spans_ns = number.spans_ns if end_ns - begin_ns >= 2 * number.spans_ns else 0
    samples = view.samples.window(number.name, begin_ns + spans_ns, end_ns)
    return samples if len(numbers(samples)) == len(samples) else ()


def _mean(samples: Sequence[Sample]) -> float | None:
    values = numbers(samples)
    return sum(values) / len(values) if values else None


_EXTREMES: Mapping[str, Callable[[list[float]], float]] = {"min": min, "max": max}


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
    """The minimum or maximum of several parts, or the absolute value of one."""

    kind: str
    parts: tuple[ExpressionNode, ...]

    def value(self, view: View) -> Result:
        values = [part.value(view) for part in self.parts]
        present = [float(value) for value in values if isinstance(value, float | int)]
        if len(present) < len(values):
            return None
        return abs(present[0]) if self.kind == "abs" else _EXTREMES[self.kind](present)


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

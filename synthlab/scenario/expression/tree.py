"""The parts of an expression, and what each gives. A value of None is "no data": it makes all that needs it no data."""

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
    """What is looked at: samples at a time, or in the `baseline`.

    `seen` gets each number that is looked at, and `since` the times from which on the run is looked at.
    """

    samples: Samples
    now_ns: int
    baseline: bool = False
    seen: dict[str, Value | None] = field(default_factory=dict)
    since: list[int] = field(default_factory=list)

    def before(self) -> View:
        return View(self.samples, self.now_ns, True, self.seen, self.since)

    def newest(self, name: str) -> Sample:
        """What is known last of a number; one that nobody has asked for yet was absent ever since."""
        return self.samples.newest(name, self.now_ns) or Sample(NEVER_NS, None)

    def speaks_since(self, at_ns: int, newest: Sample, name: str) -> None:
        """Note from when on a reading speaks of the run; one of an absence does since that began, at the earliest."""
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
    """A measured number, in base units: its newest sample, or its mean over a window or over the baseline."""

    name: str
    measure: Measure
    window_ns: int = 0

    def value(self, view: View) -> Result:
        found: Value | None = _mean(in_baseline(view, self)) if view.baseline else self._now(view)
        view.seen[f"before.{self.name}" if view.baseline else self.name] = found
        return found * self.measure.scale if isinstance(found, float | int) else found

    def _now(self, view: View) -> Value | None:
        if self.window_ns:
            return _mean(in_window(view, self, self.window_ns))
        newest = view.newest(self.name)
        view.speaks_since(newest.at_ns - self.spans_ns, newest, self.name)
        return newest.value

    @property
    def spans_ns(self) -> int:
        """The time before a sample that it speaks of."""
        return RATE_NS if self.measure.averaged else 0


@dataclass(frozen=True, slots=True)
class Extreme:
    """The least or largest sample of a window, or how much a number has grown within it."""

    number: Number
    kind: str
    window_ns: int

    def value(self, view: View) -> Result:
        if view.baseline:
            found = in_baseline(view, self.number)
        else:
            found = in_window(view, self.number, self.window_ns)
            view.seen[self.number.name] = found[-1].value if found else None
        if self.kind == "growth":
            value = growth(found, self.number.measure.total)
        else:
            value = _EXTREMES[self.kind](numbers(found)) if found else None
        return None if value is None else value * self.number.measure.scale


def in_window(view: View, number: Number, window_ns: int) -> Sequence[Sample]:
    """The samples that speak of a window that ends now and of nothing before; none where it is not covered."""
    name, newest = number.name, view.newest(number.name)
    # Of rates those samples count whose own second lies within it: at least the newest one.
    begin_ns = min(view.now_ns - window_ns + number.spans_ns, newest.at_ns)
    view.speaks_since(min(view.now_ns - window_ns, begin_ns - number.spans_ns), newest, name)
    if newest.value is None or not view.samples.covers(name, begin_ns, view.now_ns):
        return ()
    found = view.samples.window(name, begin_ns, view.now_ns)
    return found if numbers(found) else (newest,) if numbers((newest,)) else ()


def in_baseline(view: View, number: Number) -> Sequence[Sample]:
    """The samples that speak of the baseline; none where there is none, or the number was absent in it."""
    if view.samples.baseline is None:
        return ()
    begin_ns, end_ns = view.samples.baseline
    spans_ns = number.spans_ns if end_ns - begin_ns >= 2 * number.spans_ns else 0
    found = view.samples.window(number.name, begin_ns + spans_ns, end_ns)
    return found if len(numbers(found)) == len(found) else ()


def _mean(found: Sequence[Sample]) -> float | None:
    values = numbers(found)
    return sum(values) / len(values) if values else None


_EXTREMES: Mapping[str, Callable[[list[float]], float]] = {"min": min, "max": max}


@dataclass(frozen=True, slots=True)
class Before:
    """What a part was in the baseline."""

    part: ExpressionNode

    def value(self, view: View) -> Result:
        return self.part.value(view.before())


@dataclass(frozen=True, slots=True)
class Absent:
    """Whether a number is missing: the one question that no data answers."""

    number: Number

    def value(self, view: View) -> Result:
        newest = view.newest(self.number.name)
        view.since.append(newest.at_ns)
        view.seen[self.number.name] = newest.value
        return newest.value is None


@dataclass(frozen=True, slots=True)
class Operation:
    """Arithmetic on two parts; a division by nothing is no data."""

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
    """The least or largest of several parts, or how far one is from 0."""

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
    """`and` or `or`: no data on one side does not matter where the other side decides (Kleene's logic)."""

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
        found = self.part.value(view)
        return None if found is None else not found


ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}

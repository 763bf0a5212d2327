"""The parts of an expression, and what each gives. A value of None is "no data": it makes all that needs it no data."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .catalogue import Measure
from .samples import AVERAGE_S, Samples, Value, averaged, newest, numbers

Result = Value | bool | None


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: samples at a time, or in the `baseline`. `seen` gets each number that is looked at."""

    samples: Samples
    now_s: float
    baseline: bool = False
    seen: dict[str, Value | None] = field(default_factory=dict)

    def before(self) -> View:
        return View(self.samples, self.now_s, True, self.seen)


class Part(Protocol):
    def value(self, view: View) -> Result: ...


@dataclass(frozen=True, slots=True)
class Literal:
    """A number in base units, or a text."""

    given: Value

    def value(self, view: View) -> Result:
        return self.given


@dataclass(frozen=True, slots=True)
class Number:
    """A measured number, in base units; of a baseline, its mean there."""

    name: str
    measure: Measure
    window_s: float | None = None

    def value(self, view: View) -> Result:
        if view.baseline:
            found = self._in_baseline(view)
            view.seen[f"before.{self.name}"] = found
        else:
            window_s = (AVERAGE_S if self.measure.averaged else 0) if self.window_s is None else self.window_s
            found = averaged(view.samples, self.name, view.now_s, window_s)
            view.seen[self.name] = found
        return found * self.measure.scale if isinstance(found, float | int) else found

    def _in_baseline(self, view: View) -> Value | None:
        if view.samples.baseline is None:
            return None
        values = numbers(view.samples.window(self.name, *view.samples.baseline))
        return sum(values) / len(values) if values else None


@dataclass(frozen=True, slots=True)
class Extreme:
    """The least or largest sample of a window, or how much a number has grown within it."""

    number: Number
    kind: str
    window_s: float

    def value(self, view: View) -> Result:
        name = self.number.name
        if view.baseline:
            since_s, until_s = view.samples.baseline or (0.0, 0.0)
        else:
            since_s, until_s = view.now_s - self.window_s, view.now_s
            view.seen[name] = newest(view.samples, name, until_s)
            if view.seen[name] is None:
                return None
        values = numbers(view.samples.window(name, since_s, until_s))
        if not values:
            return None
        return (values[-1] - values[0] if self.kind == "growth" else _EXTREMES[self.kind](values)) * (
            self.number.measure.scale
        )


_EXTREMES: Mapping[str, Callable[[list[float]], float]] = {"min": min, "max": max}


@dataclass(frozen=True, slots=True)
class Before:
    """What a part was in the baseline."""

    part: Part

    def value(self, view: View) -> Result:
        return self.part.value(view.before())


@dataclass(frozen=True, slots=True)
class Absent:
    """Whether a number is missing or stale: the one question that no data answers."""

    number: Number

    def value(self, view: View) -> Result:
        found = newest(view.samples, self.number.name, view.now_s)
        view.seen[self.number.name] = found
        return found is None


@dataclass(frozen=True, slots=True)
class Operation:
    """Arithmetic on two parts; a division by nothing is no data."""

    sign: str
    left: Part
    right: Part

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
    parts: tuple[Part, ...]

    def value(self, view: View) -> Result:
        values = [part.value(view) for part in self.parts]
        present = [float(value) for value in values if isinstance(value, float | int)]
        if len(present) < len(values):
            return None
        return abs(present[0]) if self.kind == "abs" else _EXTREMES[self.kind](present)


@dataclass(frozen=True, slots=True)
class Comparison:
    sign: str
    left: Part
    right: Part

    def value(self, view: View) -> Result:
        left, right = self.left.value(view), self.right.value(view)
        if left is None or right is None:
            return None
        return bool(COMPARISONS[self.sign](left, right))


@dataclass(frozen=True, slots=True)
class Junction:
    """`and` or `or`: no data on one side does not matter where the other side decides (Kleene's logic)."""

    decisive: bool
    parts: tuple[Part, ...]

    def value(self, view: View) -> Result:
        values = [part.value(view) for part in self.parts]
        if self.decisive in values:
            return self.decisive
        return None if None in values else not self.decisive


@dataclass(frozen=True, slots=True)
class Not:
    part: Part

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

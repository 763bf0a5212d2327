"""The comparisons within an expression: what was measured, against which limit, so that a report can draw both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...text.durations import format_duration
from .samples import Value
from .tree import (
    Absent,
    Before,
    Chosen,
    Comparison,
    Constant,
    ExpressionNode,
    Extreme,
    Junction,
    Not,
    Number,
    Operation,
    View,
)

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
UNITS = {"rate": "bit/s", "time": "ms", "share": "%"}
"""The unit of the values of a dimension; a share is a number from 0 to 1."""
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


@dataclass(frozen=True, slots=True)
class Reading:
    """The two sides of a comparison at one time, in base units, and whether it held; None without data.

    `at_ns` is when the value was measured, if it is the minimum or maximum of a window.
    """

    value: Value | None
    limit: Value | None
    held: bool | None
    at_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison, turned so that the measured side is on the left, and so that `not` is gone: `text` `sign` limit.

    `name` is the first number of that side, whose samples times `scale` are in `unit`; empty for a ratio of numbers.
    """

    text: str
    name: str
    sign: str
    unit: str
    scale: float
    _left: ExpressionNode
    _right: ExpressionNode

    def read(self, view: View) -> Reading:
        held = Comparison(self.sign, self._left, self._right).value(view)
        value, limit, shown = _value(self._left, view), _value(self._right, view), view.shown.get(self.text)
        return Reading(value, limit, held if isinstance(held, bool) else None, shown.at_ns if shown else None)


def comparisons(node: ExpressionNode, wanted: bool = True) -> Iterator[Compared]:
    """The comparisons with a measured side, in the order in which they are written."""
    match node:
        case Junction(parts=parts):
            for part in parts:
                yield from comparisons(part, wanted)
        case Not(part=part):
            yield from comparisons(part, not wanted)
        case Comparison(sign=sign, left=left, right=right):
            if not _numbers(left):
                left, right, sign = right, left, _MIRRORED[sign]
            if numbers := _numbers(left):
                sign, measure = sign if wanted else _OPPOSITE[sign], numbers[0].measure
                name, unit, scale = numbers[0].name, UNITS.get(measure.dimension, ""), measure.scale
                if _is_ratio(left):
                    name, unit, scale = "", UNITS["share"], 1.0
                yield Compared(written(left), name, sign, unit, scale, left, right)


def written(node: ExpressionNode) -> str:
    """A side of a comparison as it is written in a scenario."""
    match node:
        case Constant(given=given):
            return f"{given:g}" if isinstance(given, float) else f"'{given}'"
        case Number(name=name, window_ns=window_ns):
            return f"mean({name}, {format_duration(window_ns)})" if window_ns else name
        case Extreme(text=text):
            return text
        case Before(part=part):
            return f"before.{written(part)}"
        case Operation(sign=sign, left=left, right=right):
            return f"({written(left)} {sign} {written(right)})"
        case Chosen(kind=kind, parts=parts):
            return f"{kind}({', '.join(map(written, parts))})"
    raise ValueError(f"not a side of a comparison: {node}")


def _numbers(node: ExpressionNode) -> list[Number]:
    """The numbers measured now, not in the baseline."""
    match node:
        case Number():
            return [node]
        case Extreme(number=number) | Absent(number=number):
            return [number]
        case Operation(left=left, right=right):
            return [*_numbers(left), *_numbers(right)]
        case Chosen(parts=parts):
            return [number for part in parts for number in _numbers(part)]
    return []


def _is_ratio(node: ExpressionNode) -> bool:
    """Whether the unit of its numbers is not its own."""
    match node:
        case Operation(sign="/", right=right):
            return bool(_numbers(right))
        case Chosen(kind="fairness"):
            return True
    return False


def _value(node: ExpressionNode, view: View) -> Value | None:
    value = node.value(view)
    return None if isinstance(value, bool) else value

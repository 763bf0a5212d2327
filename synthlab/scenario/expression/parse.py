"""Parses expressions with Python's own parser; the text is never executed."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from ...errors import did_you_mean
from ...text.durations import SECOND_NS, ns_of
from .catalogue import Known, Segment, dotted, measure_of, whole
from .kinds import Typed, fitted, product
from .scan import Name, OfBefore, Quantity, Scanned, Text, scan
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
)

FUNCTIONS = ("absent", "mean", "min", "max", "last", "growth", "abs", "fairness")
MOST_WINDOW_NS = 600 * SECOND_NS
MOST_LENGTH = 500

_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARED = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


@dataclass(slots=True)
class Parsed:
    """A parsed expression; `names` are the numbers it uses, without repetition."""

    part: ExpressionNode
    names: tuple[str, ...]
    uses_before: bool


def parse(text: str, known: Known) -> Parsed:
    """Parse and type-check `text`; raises ValueError."""
    if len(text) > MOST_LENGTH:
        raise ValueError(f"is too long; at most {MOST_LENGTH} characters are allowed")
    scanned = scan(text)
    try:
        tree = ast.parse(scanned.source.strip(), mode="eval").body
    # Python's parser raises the latter two for deep nesting.
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError(f"{text!r} is not an expression such as client1.video.client2.fps >= 10") from None
    parser = _Parser(scanned, known)
    part = parser.typed(tree).truth().part
    if not parser.names:
        raise ValueError(f"{text!r} uses no measured number such as client1.video.client2.fps")
    return Parsed(part, tuple(parser.names), parser.uses_before)


@dataclass(slots=True)
class _Parser:
    scanned: Scanned
    known: Known
    names: dict[str, None] = field(default_factory=dict)
    uses_before: bool = False

    def typed(self, node: ast.expr) -> Typed:
        match node:
            case ast.Name():
                return self._word(node.id)
            case ast.BoolOp():
                parts = tuple(self.typed(value).truth().part for value in node.values)
                return Typed(Junction(isinstance(node.op, ast.Or), parts), "truth", None, "")
            case ast.UnaryOp(op=ast.Not()):
                return Typed(Not(self.typed(node.operand).truth().part), "truth", None, "")
            case ast.UnaryOp(op=ast.USub()):
                return self._negative(self.typed(node.operand).numeric())
            case ast.BinOp() if type(node.op) in _SIGNS:
                return self._operation(_SIGNS[type(node.op)], self.typed(node.left), self.typed(node.right))
            case ast.Compare():
                return self._comparison(node)
            # A measured number is a name to Python, so it would pass for the name of a function.
            case ast.Call(func=ast.Name(id=called), keywords=[]) if called not in self.scanned.marks:
                return self._call(called, node.args)
        raise ValueError(f"unsupported syntax; allowed: comparisons, + - * /, and, or, not, {', '.join(FUNCTIONS)}")

    def _word(self, word: str) -> Typed:
        match self.scanned.marks.get(word):
            case Name(segments):
                return self._name(segments)
            case Quantity(amount, None, written):
                return Typed(Constant(amount), "bare", 1, written)
            case Quantity(amount, dimension, written) if dimension:
                return Typed(Constant(amount), dimension, None, written)
            case Text(text):
                return Typed(Constant(text), "text", None, text)
            case OfBefore(share):
                return Typed(Constant(share), "bare", None, f"{share:.0%} of before", share)
        if word == "before":
            return Typed(Constant(1.0), "bare", None, word, 1.0)
        hint = did_you_mean(word, (*FUNCTIONS, "before", "and", "or", "not"))
        raise ValueError(f"'{word}' is not the name of a number such as client1.video.client2.fps{hint}")

    def _name(self, segments: tuple[Segment, ...]) -> Typed:
        before = segments[0].text == "before"
        own = whole(segments[1:] if before else segments, self.known)
        measure = measure_of(own, self.known)
        name = dotted(own)
        self.names[name] = None
        self.uses_before |= before
        number = Number(name, measure)
        part = Before(number) if before else number
        return Typed(part, measure.dimension, measure.scale if measure.bare else None, dotted(segments))

    def _negative(self, typed: Typed) -> Typed:
        if isinstance(typed.part, Constant) and isinstance(typed.part.given, float):
            return Typed(Constant(-typed.part.given), typed.kind, typed.scale, f"-{typed.written}")
        return Typed(Operation("*", Constant(-1.0), typed.part), typed.kind, typed.scale, f"-{typed.written}")

    def _operation(self, sign: str, left: Typed, right: Typed) -> Typed:
        for side in (left, right):
            if side.before is not None:
                raise ValueError(f"'{side.written}' cannot be used in arithmetic; write before.NAME instead")
        left, right = left.numeric(), right.numeric()
        written = f"{left.written} {sign} {right.written}"
        if sign in "*/":
            kind, scale = product(sign, left, right)
        else:
            left, right = fitted(left, right)
            kind, scale = left.kind, left.scale
        return Typed(Operation(sign, left.part, right.part), kind, scale, written)

    def _comparison(self, node: ast.Compare) -> Typed:
        sides = self._with_before([self.typed(side) for side in (node.left, *node.comparators)])
        parts: list[ExpressionNode] = []
        for left, right, op in zip(sides, sides[1:], node.ops, strict=False):
            sign = _COMPARED.get(type(op))
            left, right = fitted(left, right)
            if sign is None or (left.kind == "truth") or (left.kind == "text" and sign not in ("==", "!=")):
                raise ValueError(f"'{left.written}' and '{right.written}' cannot be compared with this operator")
            parts.append(Comparison(sign, left.part, right.part))
        return Typed(parts[0] if len(parts) == 1 else Junction(False, tuple(parts)), "truth", None, "")

    def _with_before(self, sides: list[Typed]) -> list[Typed]:
        """Replace `before` by the baseline of the side it is compared with."""
        if all(side.before is None for side in sides):
            return sides
        own = [side for side in sides if side.before is None]
        if len(own) != 1 or isinstance(own[0].part, Constant):
            raise ValueError("'before' must be compared with one measured number, such as NUMBER > 50% of before")
        self.uses_before = True
        number = own[0].numeric()
        return [self._filled(side, number) if side.before is not None else side for side in sides]

    def _filled(self, side: Typed, number: Typed) -> Typed:
        part = Operation("*", Constant(side.before or 0.0), Before(number.part))
        return Typed(part, number.kind, number.scale, side.written)

    def _call(self, name: str, args: list[ast.expr]) -> Typed:
        if name not in FUNCTIONS:
            hint = did_you_mean(name, FUNCTIONS)
            raise ValueError(f"no such function '{name}'{hint}; there are: {', '.join(FUNCTIONS)}")
        values = [self.typed(arg) for arg in args]
        if name in ("min", "max") and len(values) > 1 and not _is_window(values):
            return self._chosen(name, values)
        if name == "abs" and len(values) == 1:
            return _like(values[0].numeric(), Chosen("abs", (values[0].part,)))
        if name == "fairness":
            return self._fairness(values)
        return self._of_number(name, values)

    def _fairness(self, values: list[Typed]) -> Typed:
        if len(values) < 2:
            example = "fairness(client1.egress.rate, client2.egress.rate)"
            raise ValueError(f"fairness takes two or more measured numbers, such as {example}")
        return replace(self._chosen("fairness", values), kind="share", scale=1)

    def _chosen(self, name: str, values: list[Typed]) -> Typed:
        first, parts = values[0].numeric(), [values[0].part]
        for value in values[1:]:
            parts.append(fitted(first, value.numeric())[1].part)
        return _like(first, Chosen(name, tuple(parts)))

    def _of_number(self, name: str, values: list[Typed]) -> Typed:
        windowed = name not in ("absent", "last")
        if len(values) != 1 + windowed or not isinstance(number := values[0].part, Number):
            example = f"{name}(client1.video.client2.fps{', 3s' if windowed else ''})"
            raise ValueError(f"{name} takes a measured number{' and a time' if windowed else ''}, such as {example}")
        if name == "absent":
            return Typed(Absent(number), "truth", None, "")
        if name != "last":
            values[0].numeric()
        window_ns = _window_ns(values[1]) if windowed else 0
        if name in ("mean", "last"):
            return _like(values[0], Number(number.name, number.measure, window_ns))
        return _like(values[0], Extreme(number, name, window_ns))


def _like(typed: Typed, part: ExpressionNode) -> Typed:
    return Typed(part, typed.kind, typed.scale, typed.written)


def _is_window(values: list[Typed]) -> bool:
    """Whether the arguments are a measured number, also one that is a time, and a window."""
    last = values[1]
    constant = last.kind == "time" and isinstance(last.part, Constant)
    return len(values) == 2 and isinstance(values[0].part, Number) and constant


def _window_ns(typed: Typed) -> int:
    given_ms = typed.part.given if isinstance(typed.part, Constant) and typed.kind == "time" else 0.0
    window_ns = ns_of(given_ms / 1000) if isinstance(given_ms, float) else 0
    if not SECOND_NS <= window_ns <= MOST_WINDOW_NS:
        raise ValueError(f"'{typed.written}' is not a time from 1s to 10min")
    return window_ns

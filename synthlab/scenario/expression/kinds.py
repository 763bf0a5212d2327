"""Types of the parts of an expression (rate, time, share, number, text, truth) and rules for combining them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from .catalogue import Dimension
from .scan import ALLOWED_UNITS
from .tree import Constant, ExpressionNode

Kind = Dimension | Literal["bare", "truth"]
"""`bare` is a number without a unit; it takes the unit of the value it is combined with."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A part with its kind. `scale` converts a bare number combined with it to base units; None requires a unit."""

    part: ExpressionNode
    kind: Kind
    scale: float | None
    written: str
    before: float | None = None
    """The share of the baseline if this is `before` (1.0) or `50% of before` (0.5)."""

    def numeric(self) -> Typed:
        if self.kind in ("text", "truth"):
            raise ValueError(f"'{self.written}' is not a number")
        return self

    def truth(self) -> Typed:
        if self.kind != "truth":
            raise ValueError(f"'{self.written}' is not a condition; compare it, such as {self.written} > 1")
        return self


def fitted(left: Typed, right: Typed) -> tuple[Typed, Typed]:
    """Both sides in the same units; raises ValueError if they cannot be compared or added."""
    if left.kind == "bare" and right.kind != "bare":
        return _with_unit(left, right), right
    if right.kind == "bare" and left.kind != "bare":
        return left, _with_unit(right, left)
    if left.kind != right.kind:
        raise ValueError(f"'{left.written}' is a {left.kind} but '{right.written}' is a {right.kind}")
    return left, right


def product(sign: str, left: Typed, right: Typed) -> tuple[Kind, float | None]:
    """The kind and scale of a product or quotient; raises ValueError if it has none."""
    plain = ("number", "bare", "share")
    if right.kind in plain and not (left.kind == "bare" and sign == "*"):
        return left.kind, left.scale
    if sign == "*" and left.kind in plain:
        return right.kind, right.scale
    if sign == "/" and left.kind == right.kind:
        return "share", 1
    verb = _VERBS[sign]
    raise ValueError(f"cannot {verb} a {left.kind} ({left.written}) by a {right.kind} ({right.written})")


_VERBS = {"*": "multiply", "/": "divide"}


def _with_unit(bare: Typed, other: Typed) -> Typed:
    other.numeric()
    if other.scale is None:
        raise ValueError(f"'{bare.written}' requires a unit to match '{other.written}', such as {ALLOWED_UNITS}")
    part = bare.part
    if isinstance(part, Constant):
        part = Constant(part.given * other.scale)  # type: ignore[operator]
    return replace(bare, part=part, kind=other.kind, scale=other.scale)

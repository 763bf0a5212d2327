"""What the parts of an expression are of: a rate, a time, a share, a plain number, a text or a truth; and what fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from .catalogue import Dimension
from .scan import ALLOWED_UNITS
from .tree import Constant, ExpressionNode

Kind = Dimension | Literal["bare", "truth"]
"""`bare` is a number without a unit, which takes that of what it is compared with."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A part with what it is of. `scale` is what 1 without a unit means beside it, None where a unit is needed."""

    part: ExpressionNode
    kind: Kind
    scale: float | None
    written: str
    before: float | None = None
    """Of `before`, alone or as `50% of before`: the share that is meant."""

    def numeric(self) -> Typed:
        if self.kind in ("text", "truth"):
            raise ValueError(f"'{self.written}' is no number")
        return self

    def truth(self) -> Typed:
        if self.kind != "truth":
            raise ValueError(f"'{self.written}' says nothing that can be true; compare it, such as {self.written} > 1")
        return self


def fitted(left: Typed, right: Typed) -> tuple[Typed, Typed]:
    """Both in the same units; raises ValueError where they cannot be compared or added."""
    if left.kind == "bare" and right.kind != "bare":
        return _with_unit(left, right), right
    if right.kind == "bare" and left.kind != "bare":
        return left, _with_unit(right, left)
    if left.kind != right.kind:
        raise ValueError(f"'{left.written}' is a {left.kind}, and '{right.written}' a {right.kind}")
    return left, right


def product(sign: str, left: Typed, right: Typed) -> tuple[Kind, float | None]:
    """What a product or quotient is of."""
    plain = ("number", "bare", "share")
    if right.kind in plain and not (left.kind == "bare" and sign == "*"):
        return left.kind, left.scale
    if sign == "*" and left.kind in plain:
        return right.kind, right.scale
    if sign == "/" and left.kind == right.kind:
        return "share", 1
    raise ValueError(f"a {left.kind} ({left.written}) and a {right.kind} ({right.written}) have no {_NAMES[sign]}")


_NAMES = {"*": "product", "/": "quotient"}


def _with_unit(bare: Typed, beside: Typed) -> Typed:
    beside.numeric()
    if beside.scale is None:
        raise ValueError(f"'{bare.written}' beside '{beside.written}' needs a unit, such as {ALLOWED_UNITS}")
    part = bare.part
    if isinstance(part, Constant):
        part = Constant(part.given * beside.scale)  # type: ignore[operator]
    return replace(bare, part=part, kind=beside.kind, scale=beside.scale)

"""Tokenizer of expressions: replaces names, quantities and texts by placeholders, which leaves valid Python."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

from .catalogue import Dimension, Segment

_SEGMENT = r"""(?:[\w@-]+|"[^"]*"|'[^']*')"""
_UNITS: dict[str, tuple[Dimension, float]] = {
    "bit": ("rate", 1),
    "kbit": ("rate", 1e3),
    "mbit": ("rate", 1e6),
    "gbit": ("rate", 1e9),
    "us": ("time", 1e-3),
    "ms": ("time", 1),
    "s": ("time", 1e3),
    "min": ("time", 60e3),
    "%": ("share", 1e-2),
}
ALLOWED_UNITS = "100kbit, 80ms or 5%"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<name>[0-9]*[A-Za-z_][\w@-]*(?:\.{_SEGMENT})+)
    | (?P<text>"[^"]*"|'[^']*')
    | (?P<number>[0-9]+(?:\.[0-9]+)?)\s?(?P<unit>[A-Za-z]+\b(?:/s\b)?|%)?
    | (?P<word>[A-Za-z_]\w*)
    | (?P<sign><=|>=|==|!=|[<>()+\-*/,])
    )""",
    re.VERBOSE,
)
# Words that may follow a number without being its unit: `fps > 5 and ...`.
_NO_UNITS = ("of", "and", "or", "not", "if")


@dataclass(frozen=True, slots=True)
class Name:
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit, in base units; without one, `dimension` is None and `amount` is as written."""

    amount: float
    dimension: Dimension | None
    written: str


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class OfBefore:
    """`50% of before`."""

    share: float


Token = Name | Quantity | Text | OfBefore


@dataclass(slots=True)
class Scanned:
    """Python source in which `_0`, `_1` ... are placeholders for `marks`."""

    source: str = ""
    marks: dict[str, Token] = field(default_factory=dict)

    def put(self, mark: Token) -> None:
        word = f"_{len(self.marks)}"
        self.marks[word] = mark
        self.source += f" {word} "


def scan(text: str) -> Scanned:
    """Tokenize `text`; raises ValueError for anything that cannot be part of an expression."""
    scanned = Scanned()
    place = 0
    while text[place:].strip():
        token = _TOKEN.match(text, place) or _refuse(text[place:].strip())
        place = _take(scanned, token, text)
    return scanned


def _take(scanned: Scanned, token: re.Match[str], text: str) -> int:
    """Add one token to `scanned`; returns the position after it."""
    if token["name"]:
        scanned.put(Name(_segments(token["name"])))
    elif token["text"]:
        scanned.put(Text(token["text"][1:-1]))
    elif token["number"]:
        return _take_number(scanned, token, text)
    # Not a word with `_` in front: it could pass for a placeholder of ours.
    elif token["word"] == "before" or token["sign"] or not (token["word"] or "").startswith("_"):
        scanned.source += f" {token['word'] or token['sign']} "
    else:
        _refuse(token["word"])
    return token.end()


def _take_number(scanned: Scanned, token: re.Match[str], text: str) -> int:
    unit = token["unit"]
    if unit in _NO_UNITS:
        scanned.put(Quantity(float(token["number"]), None, token["number"]))
        return token.start("unit")
    if unit == "%" and (of_before := re.compile(r"\s+of\s+before\b").match(text, token.end())):
        scanned.put(OfBefore(float(token["number"]) / 100))
        return of_before.end()
    scanned.put(_quantity(token["number"], unit, token[0].strip()))
    return token.end()


def _quantity(number: str, unit: str | None, written: str) -> Quantity:
    if unit is None:
        return Quantity(float(number), None, written)
    known = _UNITS.get(unit.lower().removesuffix("/s"))
    if known is None:
        raise ValueError(f"{written!r} has an unknown unit; expected a value such as {ALLOWED_UNITS}")
    dimension, scale = known
    return Quantity(float(number) * scale, dimension, written)


def _segments(name: str) -> tuple[Segment, ...]:
    parts = re.findall(_SEGMENT, name)
    return tuple(Segment(part.strip("\"'"), part[0] in "\"'") for part in parts)


def _refuse(rest: str) -> NoReturn:
    if rest.startswith("="):
        raise ValueError(f"'=' is not a comparison; use == in {rest!r}")
    raise ValueError(f"unexpected {rest.split()[0]!r}; allowed: names, values, functions and < <= > >= == != + - * /")

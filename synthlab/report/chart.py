"""What is drawn over the time of a run, before it is drawn: rows of lines, lanes of bars, and marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..scenario.expression import Value

APART_S = 3.0
"""Samples further apart are not joined by a line: every number is sampled at least once a second."""

Shown = Value | None
"""None is a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartLine:
    """One number over time. `colour` is the name of a variable of the page's style, without its dashes.

    One that is `requested` is drawn as a ribbon in steps, from `low` to `values` where `low` is given.
    """

    name: str
    colour: str
    times_s: Sequence[float]
    values: Sequence[Shown]
    low: Sequence[Shown] | None = None
    requested: bool = False
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Lines on one axis of values, in `unit`: bit/s, %, ms, /s, packets, or that of the numbers themselves."""

    title: str
    unit: str
    lines: tuple[ChartLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Something that lasts, or, where both times are the same, a moment. `hover` are lines of text.

    It is surely there from `begins_s` to `ends_s`, and perhaps until `perhaps_s`. By `limit_s` it should be over.
    """

    text: str
    colour: str
    begins_s: float
    ends_s: float
    hover: tuple[str, ...] = ()
    perhaps_s: float | None = None
    limit_s: float | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A named moment."""

    at_s: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What all drawings of one run share: from when to when, and what is marked on it."""

    begins_s: float
    ends_s: float
    marks: tuple[Mark, ...] = ()
    baseline: tuple[float, float] | None = None


def broken(times_s: Sequence[float], values: Sequence[Shown]) -> tuple[list[float], list[Shown]]:
    """The same with a gap wherever samples are far apart."""
    if not times_s:
        return [], []
    points: list[tuple[float, Shown]] = [(times_s[0], values[0])]
    points += (point for two in pairwise(zip(times_s, values, strict=True)) for point in _with_gap(*two))
    return [time for time, _ in points], [value for _, value in points]


def _with_gap(before: tuple[float, Shown], after: tuple[float, Shown]) -> Iterator[tuple[float, Shown]]:
    if after[0] - before[0] > APART_S:
        yield (before[0] + after[0]) / 2, None
    yield after

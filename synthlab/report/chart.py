"""Chart data over the time of a run, independent of how it is drawn: rows of lines, lanes of bars, marks and shades."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ..scenario.expression import Value

APART_S = 3.0
"""Samples further apart are not connected: every number is sampled at least once a second."""

Plotted = Value | None
"""One point of a line; None is a gap."""

Look = Literal["solid", "dashed", "faint", "configured", "limit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartLine:
    """One number over time. `colour` names a CSS variable of the page, without the leading dashes.

    A `configured` line and a `limit` are drawn in steps; the first is a wide stroke or, with `low`, a band from it to
    `values`.
    """

    name: str
    colour: str
    times_s: Sequence[float]
    values: Sequence[Plotted]
    low: Sequence[Plotted] | None = None
    look: Look = "solid"


@dataclass(frozen=True, slots=True)
class Row:
    """Lines that share one value axis, in `unit`: bit/s, %, ms, /s, packets, or empty for plain numbers."""

    title: str
    unit: str
    lines: tuple[ChartLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A span of time, or a moment if both times are equal. `hover` are lines of text.

    It lasts from `begins_s` to at least `ends_s` and at most `perhaps_s`. `limit_s` is its deadline, `id` its step.
    """

    text: str
    colour: str
    begins_s: float
    ends_s: float
    hover: tuple[str, ...] = ()
    perhaps_s: float | None = None
    limit_s: float | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class ChartMark:
    """A labelled moment."""

    at_s: float
    text: str
    colour: str = "mark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shade:
    """A span in which the network of a client was not as at the start."""

    begins_s: float
    ends_s: float
    client: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The time axis shared by all charts of a run, with its marks, shades and the span of the baseline."""

    begins_s: float
    ends_s: float
    marks: tuple[ChartMark, ...] = ()
    shades: tuple[Shade, ...] = ()
    baseline: tuple[float, float] | None = None

    def percent(self, at_s: float) -> float:
        """The position of a time, from 0 to 100."""
        return round(100 * (at_s - self.begins_s) / (self.ends_s - self.begins_s), 3)


def broken(times_s: Sequence[float], values: Sequence[Plotted]) -> tuple[list[float], list[Plotted]]:
    """The points, with a gap inserted wherever samples are more than APART_S apart."""
    if not times_s:
        return [], []
    points: list[tuple[float, Plotted]] = [(times_s[0], values[0])]
    points += (point for two in pairwise(zip(times_s, values, strict=True)) for point in _with_gap(*two))
    return [time for time, _ in points], [value for _, value in points]


def _with_gap(before: tuple[float, Plotted], after: tuple[float, Plotted]) -> Iterator[tuple[float, Plotted]]:
    if after[0] - before[0] > APART_S:
        yield (before[0] + after[0]) / 2, None
    yield after

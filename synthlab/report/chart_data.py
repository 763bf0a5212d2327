"""The data of a run's charts as JSON, for the script that draws them; it holds no colours, sizes or markup."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..text.escaping import shown
from .chart import Axis, ChartLine, ChartMark, Plotted, Row

MOST_NAME = 40
MOST_TEXT = 80
DIGITS = 5
"""Significant digits of a value: more than a screen can show."""


class ChartData:
    """The charts of one time axis, by id. Lines with the same times share one list of them."""

    def __init__(self, axis: Axis, started: str = "") -> None:
        """`started` is when the axis is at 0 (ISO 8601); empty where there is no wall clock, as for a plan."""
        self._axis = axis
        self._started_ms = _milliseconds(started)
        self._times: dict[tuple[float, ...], int] = {}
        self._charts: dict[str, Any] = {}

    def add(self, id: str, row: Row, client: str = "", moment: ChartMark | None = None) -> str:
        """Add a chart and return its id. Only the shades of `client` are drawn in it, or all. `moment` is marked."""
        words = _words(row)
        chart: dict[str, Any] = {"unit": row.unit, "lines": [self._line(line, words) for line in row.lines]}
        chart |= {"words": [_plain(word) for word in words]} if words else {}
        chart |= {"client": client} if client else {}
        chart |= {"moment": _mark(moment)} if moment else {}
        self._charts[id] = chart
        return id

    def __len__(self) -> int:
        """How many charts there are."""
        return len(self._charts)

    def __str__(self) -> str:
        axis = self._axis
        shades = [
            {"from": _rounded(one.begins_s), "to": _rounded(one.ends_s), "client": one.client, "text": _plain(one.text)}
            for one in axis.shades
        ]
        document = {
            "axis": [axis.begins_s, axis.ends_s],
            "started_ms": self._started_ms,
            "baseline": axis.baseline,
            "marks": [_mark(one) for one in axis.marks],
            "shades": shades,
            "times": list(self._times),
            "charts": self._charts,
        }
        return json.dumps(document, separators=(",", ":"), allow_nan=False)

    def _line(self, line: ChartLine, words: Sequence[str]) -> Mapping[str, Any]:
        times = tuple(round(time_s, 2) for time_s in line.times_s)
        values = [words.index(value) if isinstance(value, str) else _rounded(value) for value in line.values]
        drawn: dict[str, Any] = {"name": _plain(line.name, MOST_NAME), "colour": line.colour, "look": line.look}
        drawn |= {"times": self._times.setdefault(times, len(self._times)), "values": values}
        return drawn | ({} if line.low is None else {"low": [_rounded(value) for value in line.low]})


def _words(row: Row) -> list[str]:
    """The texts of a row of words, in order of appearance; they take the places of numbers on its value axis."""
    return list(dict.fromkeys(value for line in row.lines for value in line.values if isinstance(value, str)))


def _rounded(value: Plotted) -> Any:
    """A number that is not finite is a gap: JSON has none."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def _mark(mark: ChartMark) -> Mapping[str, Any]:
    return {"at": _rounded(mark.at_s), "text": _plain(mark.text), "colour": mark.colour}


def _plain(text: str, most: int = MOST_TEXT) -> str:
    return shown(text, most)


def _milliseconds(started: str) -> int | None:
    try:
        return round(datetime.fromisoformat(started).timestamp() * 1000)
    except ValueError:
        return None

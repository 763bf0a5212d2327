"""The picture of one expectation: what was measured over the whole run, its limit, and the moment it was decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..scenario.record import Judged, Limit, Series
from ..text.durations import format_seconds
from ..text.quantities import quantity
from .amounts import amount, last
from .chart import Axis, ChartLine, ChartMark, Look, Plotted, Row, broken
from .timeline import COLOURS

_VERBS = {"passed": "held", "failed": "failed", "inconclusive": "not decided", "wrong use": "failed"}


@dataclass(frozen=True, slots=True)
class NumberPicture:
    """One chart, and the moment marked in it."""

    row: Row
    moment: ChartMark | None = None


def picture_of(judged: Judged, samples: Mapping[str, Series], axis: Axis) -> NumberPicture | None:
    """None if nothing was measured."""
    limit = judged.limit or _first_number(judged, samples)
    if limit is None:
        return None
    lines = tuple(_lines(limit, judged.asked_s or 0.0, samples, axis))
    moment = None
    if judged.decided_s is not None:
        text = f"{_VERBS[judged.verdict]} at {format_seconds(round(judged.decided_s, 1))}"
        seen = f": {amount(limit, last(limit.values))}" if limit.values else ""
        moment = ChartMark(judged.decided_s, text + seen, COLOURS[judged.verdict])
    return NumberPicture(Row(limit.number, unit_of(limit), lines), moment) if lines else None


def doubt_picture(doubt: Limit, samples: Mapping[str, Series], axis: Axis) -> NumberPicture | None:
    """The number that makes a run inconclusive; None if nothing was measured."""
    lines = tuple(_lines(doubt, 0.0, samples, axis))
    return NumberPicture(Row(doubt.number, unit_of(doubt), lines)) if lines else None


def unit_of(limit: Limit) -> str:
    """The unit of its values: `fps` follows from the name."""
    return limit.unit or quantity(limit.name, 0).removeprefix("0").strip()


def measured(limit: Limit, samples: Mapping[str, Series]) -> tuple[list[float], list[Plotted]]:
    """The samples of its number, in its unit, with gaps."""
    series = samples.get(limit.name)
    if series is None or not series.times_s:
        return [], []
    scaled = [value * limit.scale if isinstance(value, int | float) else value for value in series.values]
    return broken(series.times_s, scaled)


def _lines(limit: Limit, asked_s: float, samples: Mapping[str, Series], axis: Axis) -> Iterator[ChartLine]:
    times, values = measured(limit, samples)
    judged_s = [asked_s + time_s for time_s in limit.times_s]
    derived = limit.number != limit.name and len(judged_s) > 0
    if times:
        look: Look = "faint" if derived else "solid"
        yield ChartLine(name=limit.name, colour="series1", times_s=times, values=values, look=look)
    if derived:
        yield ChartLine(name=limit.number, colour="series1", times_s=judged_s, values=limit.values)
    if len(limit.limits) == 1 and (times or judged_s):
        ends = [axis.begins_s, axis.ends_s]
        name = f"{limit.sign} {amount(limit, limit.limits[0])}"
        yield ChartLine(name=name, colour="bad", times_s=ends, values=[limit.limits[0]] * 2, look="limit")
    elif len(limit.limits) > 1:
        yield ChartLine(name=limit.sign, colour="bad", times_s=judged_s, values=limit.limits, look="limit")


def _first_number(judged: Judged, samples: Mapping[str, Series]) -> Limit | None:
    """Of an expectation without a comparison, such as `absent(...)`: the first number that it saw, without a limit."""
    name = next((name for name in judged.seen if name in samples), None)
    return None if name is None else Limit(number=name, name=name, sign="")

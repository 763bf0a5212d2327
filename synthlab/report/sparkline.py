"""A number of one run as a line small enough for a table: points of an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ..scenario.record import Limit, Record
from .amounts import last
from .chart import Axis, Plotted
from .picture import measured

WIDTH, HEIGHT = 120, 24
MOST_POINTS = 60


@dataclass(frozen=True, slots=True)
class Sparkline:
    """`lines` are points of polylines, with gaps between them; `limit_y` is where the limit is, if it is a number."""

    lines: tuple[str, ...]
    limit_y: float | None


def sparkline(limit: Limit, record: Record, axis: Axis) -> Sparkline | None:
    """None if there are no numbers."""
    times, values = measured(limit, record.samples)
    points = [(time, value) for time, value in zip(times, values, strict=True) if not isinstance(value, str)]
    points = points[:: max(1, len(points) // MOST_POINTS)]
    numbers = [value for _, value in points if value is not None]
    bound = last(limit.limits)
    bounds = [float(bound)] if isinstance(bound, int | float) else []
    top = max([*numbers, *bounds], default=0.0) or 1.0
    if not numbers:
        return None
    return Sparkline(tuple(_polylines(points, axis, top)), _y(bounds[0], top) if bounds else None)


def _polylines(points: Sequence[tuple[float, Plotted]], axis: Axis, top: float) -> list[str]:
    lines = []
    for present, group in groupby(points, key=lambda point: point[1] is not None):
        if present:
            placed = (
                f"{axis.percent(time) * WIDTH / 100:.1f},{_y(value, top):g}"
                for time, value in group
                if isinstance(value, int | float)
            )
            lines.append(" ".join(placed))
    return lines


def _y(value: float, top: float) -> float:
    return round(HEIGHT - 2 - (HEIGHT - 4) * max(0.0, min(1.0, value / top)), 1)

"""A row of small bars: values over time on one line of a terminal."""

from __future__ import annotations

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], most: float | None = None) -> str:
    """One bar per value, of which the highest stands for `most` (by default the largest value); a dot for 0."""
    top = max(values, default=0) if most is None else most
    return "".join(_bar(value, top) for value in values)


def _bar(value: float, top: float) -> str:
    if value <= 0 or top <= 0:
        return "·"
    return _BARS[min(len(_BARS) - 1, int(value / top * len(_BARS)))]

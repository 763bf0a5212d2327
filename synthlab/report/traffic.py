"""Chart rows of a client's competing traffic: what arrived of it, and how evenly its flows shared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..scenario.expression import TRAFFIC
from ..scenario.record import Series
from .chart import ChartLine, Row, broken

MOST_LINES = 7
"""Drawn in one row: more colours cannot be distinguished."""


def traffic_rows(client: str, samples: Mapping[str, Series]) -> Iterator[Row]:
    """Rate and fairness of each traffic that has samples, by name."""
    for number, title, unit in (("rate", "competing traffic", "bit/s"), ("fairness", "fairness of its flows", "")):
        names = [name for name in samples if is_traffic(client, name) and name.endswith(f".{number}")]
        lines = [_line(name, at, samples[name]) for at, name in enumerate(names[:MOST_LINES], 1)]
        if lines:
            yield Row(title, unit, tuple(lines))


def is_traffic(client: str, name: str) -> bool:
    """Whether a number of a client is in one of these rows."""
    parts = name.removeprefix(f"{client}.").split(".")
    return len(parts) == 3 and parts[0] == TRAFFIC and parts[2] in ("rate", "fairness")


def _line(name: str, number: int, series: Series) -> ChartLine:
    times, values = broken(series.times_s, series.values)
    return ChartLine(name=name.split(".")[-2], colour=f"series{number}", times_s=times, values=values)

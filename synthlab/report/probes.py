"""Chart rows of what probes measured of a client, service or server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..scenario.expression import MEASURED, METRICS
from ..scenario.record import Series
from .chart import ChartLine, Row, broken

KINDS = tuple(kind for kind in MEASURED if kind != METRICS)

# Number -> its line in the chart of times.
_TIMES = {"ms": "last answer", "p50_ms": "p50", "p95_ms": "p95"}


def probed(samples: Iterable[str]) -> list[str]:
    """What probes measured, by name, in order."""
    parts = (name.split(".") for name in samples)
    return list(dict.fromkeys(part[0] for part in parts if len(part) == 3 and part[1] in KINDS))


def probe_rows(name: str, samples: Mapping[str, Series]) -> Iterator[Row]:
    """Times and errors of each probe that has samples."""
    for kind in KINDS:
        times = [
            _line(title, f"series{number}", samples[f"{name}.{kind}.{key}"])
            for number, (key, title) in enumerate(_TIMES.items(), 1)
            if f"{name}.{kind}.{key}" in samples
        ]
        if times:
            yield Row(f"{kind} probe", "ms", tuple(times))
        if errors := samples.get(f"{name}.{kind}.errors"):
            yield Row(f"{kind} errors so far", "", (_line("errors", "series5", errors),))


def is_probe(owner: str, name: str) -> bool:
    """Whether a number of `owner` is in one of these rows."""
    kind, _, key = name.removeprefix(f"{owner}.").partition(".")
    return kind in KINDS and key in (*_TIMES, "errors")


def _line(name: str, colour: str, series: Series) -> ChartLine:
    times, values = broken(series.times_s, series.values)
    return ChartLine(name=name, colour=colour, times_s=times, values=values)

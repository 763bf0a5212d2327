"""Tables of what is measured of clients, services and servers: by probes, and by themselves."""

from __future__ import annotations

from collections.abc import Iterable

from ..control.metrics import Metrics
from ..control.probes import ProbeReading
from .console import Table
from .counters import NOTHING


def metrics_table(name: str, metrics: Metrics) -> Table:
    """The metrics that a client, service or server publishes."""
    rows = [(metric, f"{value:g}") for metric, value in sorted(metrics.values.items())]
    return Table((f"metrics of {name}", "value"), rows or [("none", metrics.error or "no metrics published")])


def probes_table(readings: Iterable[ProbeReading]) -> Table:
    """What probes measured; a client that does not answer has an error in place of the numbers."""
    rows = [(one.name, one.kind, one.source, *_probe(one)) for one in readings]
    columns = ("service", "probe", "from", "last", "p50", "p95", "tried", "errors", "skipped", "status")
    skips = any(row[-2] not in ("0", NOTHING) for row in rows)
    return Table(columns, rows) if skips else Table((*columns[:-2], "status"), [(*row[:-2], row[-1]) for row in rows])


def _probe(one: ProbeReading) -> tuple[str, ...]:
    values = one.values
    times = (f"{values[key]:.1f} ms" if key in values else NOTHING for key in ("ms", "p50_ms", "p95_ms"))
    totals = (values.get("requests", values.get("connections")), values.get("errors"), values.get("skipped"))
    status = f"{values['status']:g}" if "status" in values else NOTHING
    counts = (NOTHING if total is None else f"{total:g}" for total in totals)
    return (*times, *counts, one.error or ("no data" if not values else status))

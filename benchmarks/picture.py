"""Plots delay error against load; the only module that uses matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from .measurements import Delay
from .measurements.delay import LATENCY_MS
from .session import Record
from .summary import Summary

COLOURS = {"bridge": "tab:gray", "forwarder": "tab:blue"}
STYLES = {"p50_ms": "-", "p99_ms": "--"}


def draw(records: Sequence[Record], file: Path) -> bool:
    """Write a PNG of medians (lines) and spread (areas); returns whether there was anything to draw."""
    points = [(record.measurement.per_second, record) for record in records if isinstance(record.measurement, Delay)]
    if not points:
        return False
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for kind, colour in COLOURS.items():
        for key, style in STYLES.items():
            rows = [(load, summary) for load, record in points if (summary := _summary(record, kind, key))]
            loads = [load for load, _ in rows]
            axes.plot(
                loads, [row.median for _, row in rows], style, color=colour, marker="o", label=f"{kind}, {key[:3]}"
            )
            axes.fill_between(
                loads, [row.least for _, row in rows], [row.most for _, row in rows], color=colour, alpha=0.12
            )
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=0.01)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xticks([load for load, _ in points], [f"{load:,}" for load, _ in points], minor=False)
    axes.minorticks_off()
    axes.axhline(0, color="black", linewidth=0.5)
    axes.set(xlabel="packets a second", ylabel="delay error, ms", title=f"One-way delay error at {LATENCY_MS} ms")
    axes.grid(alpha=0.3)
    axes.legend()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)
    return True


def _summary(record: Record, kind: str, key: str) -> Summary | None:
    values = [run[key] for run in record.runs.get(kind, ())]
    return Summary.of(values) if values else None

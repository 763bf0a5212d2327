"""Draws the measured values; the only module that uses matplotlib.

A panel each for delay error against load, cost beside the bare loop, a call, and a crowd; those without values are left
out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .goal import Goal
from .measurements import Cost, Crowd, Delay, RealCall
from .measurements.crowd import LIMIT_MS, LINKS, PER_SECOND, SIZES
from .measurements.delay import LATENCY_MS
from .session import Record
from .summary import Summary
from .testbed import FORWARDERS, KINDS, Kind

COLOURS: dict[Kind, str] = {
    "bridge": "tab:gray",
    "floor": "tab:olive",
    "before": "tab:orange",
    "forwarder": "tab:blue",
}
PANEL = (8.0, 4.8)  # inches
COLUMNS = 2
Rows = Sequence[tuple[Any, Record]]  # a measurement, of the class that the panel is for, and its record
Panel = Callable[[Axes, Rows], None]


def draw(records: Sequence[Record], file: Path) -> bool:
    """Write a PNG of medians with the range of all runs; returns whether there was anything to draw."""
    chosen = [(panel, own) for kind, panel in PANELS.items() if (own := _measured(records, kind))]
    if not chosen:
        return False
    columns = min(COLUMNS, len(chosen))
    rows = -(-len(chosen) // columns)
    figure = Figure(figsize=(PANEL[0] * columns, PANEL[1] * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).flat
    for (panel, own), place in zip(chosen, axes, strict=False):
        panel(place, own)
        place.grid(axis="y", alpha=0.3)
        place.set_axisbelow(True)
    for unused in list(figure.axes)[len(chosen) :]:
        unused.remove()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)
    return True


def _draw_delays(axes: Axes, rows: Rows) -> None:
    for kind in _kinds(rows):
        for key, style in (("p50_ms", "-"), ("p99_ms", "--")):
            points = [(one.per_second, _summary(record, kind, key)) for one, record in rows]
            _draw_line(axes, points, kind, style, f"{kind}, {key[:3]}")
    loads = [one.per_second for one, _ in rows]
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=0.01)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xticks(loads, [f"{load:,}" for load in loads])
    axes.minorticks_off()
    axes.axhline(0, color="black", linewidth=0.5)
    axes.set(xlabel="packets a second", ylabel="ms", title=f"One-way delay error at {LATENCY_MS} ms")
    axes.legend()


def _draw_costs(axes: Axes, rows: Rows) -> None:
    labels = [_lines(one.traffic.label, one.link, _goal(one.goal)) for one, _ in rows]
    values = {kind: [_summary(record, kind, "us_per_packet") for _, record in rows] for kind in _kinds(rows)}
    _draw_bars(axes, labels, values)
    axes.set(ylabel="µs a packet", title="CPU time at a call's pace, next to a bare loop that only forwards")


def _draw_call(axes: Axes, rows: Rows) -> None:
    ((call, record),) = rows
    values = {kind: [_summary(record, kind, f"{link.name}/percent") for link in call.links] for kind in _kinds(rows)}
    labels = [f"{link.label}\n{_goal(link.goal)}" for link in call.links]
    _draw_bars(axes, labels, values)
    axes.set(ylabel="% of a core", title="The forwarder of a client in a call of two browsers and two bots")


def _draw_crowd(axes: Axes, rows: Rows) -> None:
    ((_, record),) = rows
    for kind in _kinds(rows):
        for link, style in zip(LINKS, ("-", "--"), strict=True):
            points = [(size, _summary(record, kind, f"{link}/{size}/hold")) for size in SIZES]
            _draw_line(axes, points, kind, style, f"{kind}, {link}")
    axes.plot(SIZES, SIZES, ":", color="black", linewidth=1, label="all of them")
    axes.set_xticks(SIZES)
    axes.set_ylim(bottom=0)
    title = f"Clients whose p99 of added delay is below {LIMIT_MS:g} ms"
    axes.set(xlabel=f"clients, {PER_SECOND} packets a second each way", ylabel="clients", title=title)
    axes.legend()


PANELS: dict[type, Panel] = {
    Delay: _draw_delays,
    Cost: _draw_costs,
    RealCall: _draw_call,
    Crowd: _draw_crowd,
}


def _draw_line(axes: Axes, rows: Sequence[tuple[float, Summary | None]], kind: Kind, style: str, label: str) -> None:
    found = [(at, summary) for at, summary in rows if summary]
    places = [at for at, _ in found]
    axes.plot(places, [row.median for _, row in found], style, color=COLOURS[kind], marker="o", label=label)
    axes.fill_between(
        places, [row.least for _, row in found], [row.most for _, row in found], color=COLOURS[kind], alpha=0.12
    )


def _draw_bars(axes: Axes, labels: Sequence[str], values: dict[Kind, list[Summary | None]]) -> None:
    """A group of bars for each label, one for each kind, each with its median above it."""
    width = 0.8 / len(values)
    for number, (kind, summaries) in enumerate(values.items()):
        found = [(place, summary) for place, summary in enumerate(summaries) if summary]
        places = [place + (number - (len(values) - 1) / 2) * width for place, _ in found]
        medians = [summary.median for _, summary in found]
        ranges = [[one.median - one.least for _, one in found], [one.most - one.median for _, one in found]]
        bars = axes.bar(places, medians, width, yerr=ranges, capsize=2, color=COLOURS[kind], label=kind, alpha=0.85)
        axes.bar_label(bars, fmt=_number, fontsize=7, padding=2)
    axes.set_xticks(range(len(labels)), labels, fontsize=8)
    axes.margins(y=0.12)
    axes.legend()


def _lines(*texts: str) -> str:
    """Each text on lines of its own, short enough for nine groups of bars."""
    return "\n".join(line for text in texts for line in wrap(text, 10))


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}"


def _goal(goal: Goal | None) -> str:
    return f"goal {goal.text}" if goal else ""


def _measured(records: Sequence[Record], kind: type) -> Rows:
    """Those of a class of measurement that have values."""
    return [
        (one.measurement, one)
        for one in records
        if isinstance(one.measurement, kind) and any(one.runs.get(forwarder) for forwarder in FORWARDERS)
    ]


def _kinds(rows: Rows) -> list[Kind]:
    return [kind for kind in KINDS if any(kind in record.runs for _, record in rows)]


def _summary(record: Record, kind: Kind, key: str) -> Summary | None:
    values = [run[key] for run in record.runs.get(kind, ()) if key in run]
    return Summary.of(values) if values else None

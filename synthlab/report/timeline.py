"""The timeline of a run as bars: steps and expectations, in scenario order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..scenario.record import Judged, Played, Record, Verdict
from ..text.durations import format_seconds
from .changes import changes
from .chart import Axis, Bar, ChartMark

SIGNS: Mapping[Verdict, str] = {"passed": "✓", "failed": "✗", "wrong use": "✗", "inconclusive": "?"}
"""Shown with the colour, for colour-blind readers and for printing."""

COLOURS: Mapping[Verdict, str] = {"passed": "good", "failed": "bad", "wrong use": "bad", "inconclusive": "unsure"}


def axis_of(record: Record) -> Axis:
    """The axis from the first sample or step to the last, with marks and baseline."""
    times = [
        time for series in record.samples.values() if series.times_s for time in (series.times_s[0], series.times_s[-1])
    ]
    ends = [bar.ends_s for bar in step_bars(record)]
    marks = tuple(ChartMark(step.began_s, step.mark) for step in record.steps if step.mark and step.began_s is not None)
    return Axis(
        begins_s=min([0.0, *times]),
        # At least a second, as positions on the axis are shares of its length.
        ends_s=max([1.0, record.duration_s, *times, *ends]),
        marks=marks,
        shades=changes(record),
        baseline=record.baseline,
    )


def step_bars(record: Record) -> tuple[Bar, ...]:
    """A bar for each step that was reached; an expectation has the colour of its verdict."""
    judged = {one.id: one for one in record.judged}
    bars = (_judged_bar(judged[step.id], step) if step.id in judged else _step_bar(step) for step in record.steps)
    strays = (_judged_bar(one, None) for one in record.judged if one.id not in {step.id for step in record.steps})
    return tuple(_until(record.duration_s, bar) for bar in (*bars, *strays) if bar)


def _until(duration_s: float, bar: Bar) -> Bar:
    """The bar cut at the end of the run, when all changes are reverted."""
    return replace(bar, ends_s=max(bar.begins_s, min(bar.ends_s, duration_s)))


def _step_bar(step: Played) -> Bar | None:
    if step.began_s is None:
        return None
    ends_s = max(time for time in (step.began_s, step.ended_s, step.until_s) if time is not None)
    sign = "! " if step.error else ""
    return Bar(
        text=f"{sign}{step.text}",
        colour="bad" if step.error else "step",
        begins_s=step.began_s,
        ends_s=ends_s,
        hover=tuple(_step_hover(step)),
        id=step.id,
    )


def _step_hover(step: Played) -> Iterator[str]:
    yield step.text
    yield f"{step.place}, step {step.id}"
    yield from ([f"mark: {step.mark}"] if step.mark else ())
    yield from ([f"started at {format_seconds(step.began_s)}"] if step.began_s is not None else ())
    yield from ([f"in force until {format_seconds(step.until_s)}"] if step.until_s is not None else ())
    yield from ([f"could not be played: {step.error}"] if step.error else ())


def _judged_bar(judged: Judged, step: Played | None) -> Bar | None:
    began_s = judged.asked_s if judged.asked_s is not None else (step.began_s if step else None)
    if began_s is None:
        return None
    return Bar(
        text=f"{SIGNS[judged.verdict]} {judged.text}",
        colour=COLOURS[judged.verdict],
        begins_s=began_s,
        ends_s=began_s if judged.decided_s is None else max(began_s, judged.decided_s),
        limit_s=None if judged.within_s is None else began_s + judged.within_s,
        hover=tuple(_judged_hover(judged)),
        id=judged.id,
    )


def _judged_hover(judged: Judged) -> Iterator[str]:
    yield f"{judged.text}: {judged.verdict}"
    yield f"{judged.place}, step {judged.id}"
    yield from ([judged.reason] if judged.reason else ())
    yield from ([f"held after {took(judged)}"] if judged.took_s is not None else ())


def took(judged: Judged) -> str:
    """The time until it held, with the sampling error: `3.2s to 4.2s`; empty if it never held."""
    if judged.took_s is None:
        return ""
    least_s = max(0.0, judged.took_s - (judged.error_s or 0.0))
    most = format_seconds(judged.took_s)
    return most if least_s == judged.took_s else f"{format_seconds(least_s)} to {most}"

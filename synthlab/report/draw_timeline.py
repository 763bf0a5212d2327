"""Draws bars with their texts as one figure: the timeline of steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .chart import Axis, Bar
from .figure import Drawing, finished, new_figure, plain, share

if TYPE_CHECKING:
    from .figure import Figure

_BAR_PX, _PACKED_PX = 34, 16
_MOST_BARS = 60
"""More bars than this share lines, and show their text on hover only."""

_MOST_TEXT = 76

Placed = Sequence[tuple[Bar, float]]


def draw_bars(bars: Sequence[Bar], axis: Axis) -> Drawing:
    alone = len(bars) <= _MOST_BARS
    places = list(range(len(bars))) if alone else _packed(bars, (axis.ends_s - axis.begins_s) / 100)
    lines = max(places, default=0) + 1
    figure = new_figure(axis, (_BAR_PX if alone else _PACKED_PX) * lines, title_px=0)
    figure.update_layout(hovermode="closest", showlegend=False, barmode="overlay")
    figure.update_yaxes(range=[lines - 0.5, -0.5], visible=False, fixedrange=True)
    placed = [(bar, place + (0.2 if alone else 0.0)) for bar, place in zip(bars, places, strict=True)]
    _add_bars(figure, placed)
    _add_moments(figure, placed, axis)
    _add_limits(figure, placed, axis)
    for bar, place in placed if alone else ():
        _add_text(figure, bar, place - 0.42, axis)
    return finished(figure)


def _add_bars(figure: Figure, placed: Placed) -> None:
    """A bar for the certain part of each span, continued in a paler colour for the possible part."""
    spans = [(bar, place, bar.begins_s, bar.ends_s, f"var(--{bar.colour})") for bar, place in placed]
    for bar, place in placed:
        if bar.perhaps_s is not None and bar.perhaps_s > bar.ends_s:
            spans.append((bar, place, bar.ends_s, bar.perhaps_s, f"var(--{bar.colour}-band)"))
    figure.add_bar(
        orientation="h",
        width=0.34,
        base=[begins_s for _, _, begins_s, _, _ in spans],
        x=[ends_s - begins_s for _, _, begins_s, ends_s, _ in spans],
        y=[place for _, place, _, _, _ in spans],
        marker={"color": [colour for *_, colour in spans], "line": {"width": 0}},
        hovertemplate=[_hover(bar) for bar, *_ in spans],
    )


def _add_moments(figure: Figure, placed: Placed, axis: Axis) -> None:
    """A diamond for each span too short to see as a bar."""
    visible_s = (axis.ends_s - axis.begins_s) / 150
    short = [(bar, place) for bar, place in placed if max(bar.ends_s, bar.perhaps_s or 0.0) - bar.begins_s < visible_s]
    figure.add_scatter(
        mode="markers",
        x=[bar.begins_s for bar, _ in short],
        y=[place for _, place in short],
        marker={"symbol": "diamond", "size": 10, "color": [f"var(--{bar.colour})" for bar, _ in short]},
        hovertemplate=[_hover(bar) for bar, _ in short],
        cliponaxis=False,
    )


def _add_limits(figure: Figure, placed: Placed, axis: Axis) -> None:
    """A vertical line at the deadline of each bar that has one."""
    limited = [(bar.limit_s, place) for bar, place in placed if bar.limit_s is not None and bar.limit_s <= axis.ends_s]
    figure.add_scatter(
        mode="markers",
        x=[limit_s for limit_s, _ in limited],
        y=[place for _, place in limited],
        marker={"symbol": "line-ns", "size": 12, "line": {"width": 2, "color": "var(--ink)"}},
        hovertemplate="limit: %{x:.2~f}s<extra></extra>",
        cliponaxis=False,
    )


def _hover(bar: Bar) -> str:
    return "<br>".join(plain(line) for line in bar.hover or (bar.text,)) + "<extra></extra>"


def _add_text(figure: Figure, bar: Bar, place: float, axis: Axis) -> None:
    """The text above its bar: left-aligned, or right-aligned if it would run off the chart."""
    left = share(bar.begins_s, axis) < 0.55
    figure.add_annotation(
        text=plain(bar.text, _MOST_TEXT),
        x=bar.begins_s if left else max(bar.ends_s, bar.perhaps_s or 0.0),
        y=place,
        xanchor="left" if left else "right",
        yanchor="middle",
        showarrow=False,
        font={"size": 11},
        bgcolor="var(--veil)",
        borderpad=0,
    )


def _packed(bars: Sequence[Bar], apart_s: float) -> list[int]:
    """The line number of each bar: the first line that is free by then, with `apart_s` between bars."""
    free_s: list[float] = []
    places = []
    for bar in bars:
        place = next((n for n, time in enumerate(free_s) if time <= bar.begins_s), len(free_s))
        if place == len(free_s):
            free_s.append(0.0)
        free_s[place] = max(bar.ends_s, bar.perhaps_s or 0.0) + apart_s
        places.append(place)
    return places

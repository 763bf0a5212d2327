"""Figures over time; the only module that uses plotly.

Colours are CSS variables, which the page's script resolves for the current light or dark scheme. Texts are escaped.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..text.escaping import shown
from .chart import Axis, ChartMark

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as Figure

LEFT_PX, RIGHT_PX, BOTTOM_PX = 62, 170, 46
_MARK_PX = 15
_CHARACTER_PX = 6.5
_NARROW_PX = 480
"""The narrowest chart in which the texts of marks must not overlap."""

_MOST_MARK = 30


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure as JSON for plotly.js, and its height; it is as wide as the page."""

    json: str
    height_px: int


def script() -> str:
    """The source of plotly.js."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def new_figure(axis: Axis, inner_px: int, title_px: int) -> Figure:
    """A figure with axis, baseline and marks, `inner_px` high plus `title_px` of free space below the marks' texts."""
    from plotly.graph_objects import Figure

    levels = _levels(axis)
    figure = Figure(layout={"template": "none"})
    top_px = title_px + _MARK_PX * (max(levels, default=-1) + 1) + 4
    _style(figure)
    figure.update_layout(
        height=inner_px + top_px + BOTTOM_PX,
        # Charts of a run are read one below the other: margins that fit their own texts would shift their time axes
        # apart.
        margin={"l": LEFT_PX, "r": RIGHT_PX, "t": top_px, "b": BOTTOM_PX, "autoexpand": False},
    )
    figure.update_xaxes(range=[axis.begins_s, axis.ends_s], title="seconds since the first step")
    if axis.baseline:
        begins_s, ends_s = axis.baseline
        place = {"xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below", "line": {"width": 0}}
        figure.add_shape(type="rect", x0=begins_s, x1=ends_s, fillcolor="var(--baseline)", **place)
    for mark, level in zip(axis.marks, levels, strict=True):
        _add_mark(figure, mark, title_px + level * _MARK_PX, left=share(mark.at_s, axis) < 0.6)
    return figure


def finished(figure: Figure) -> Drawing:
    return Drawing(str(figure.to_json()), int(figure.layout.height))


def plain(text: str, most: int | None = None) -> str:
    """`text` escaped for plotly, which would interpret tags and template fields, and cut to `most` characters."""
    cut = text if most is None or len(text) <= most else f"{text[: most - 1].rstrip()}…"
    return html.escape(shown(cut), quote=False).replace("{", "&#123;")


def share(at_s: float, axis: Axis) -> float:
    """The position of a time on the axis, from 0 to 1."""
    return (at_s - axis.begins_s) / (axis.ends_s - axis.begins_s)


def numbered(name: str, number: int) -> str:
    """plotly's name of the n-th axis or legend: y, y2, y3 ..."""
    return name if number == 1 else f"{name}{number}"


def _style(figure: Figure) -> None:
    font = {"color": "var(--ink)", "size": 12, "family": "system-ui, sans-serif"}
    figure.update_layout(
        paper_bgcolor="var(--paper)",
        plot_bgcolor="var(--paper)",
        font=font,
        hoverlabel={"bgcolor": "var(--raised)", "bordercolor": "var(--rule)", "font": font},
        hoverdistance=40,
    )
    figure.update_xaxes(
        gridcolor="var(--grid)",
        zeroline=False,
        ticks="outside",
        tickcolor="var(--rule)",
        hoverformat=".2~f",
        unifiedhovertitle={"text": "%{x}s"},
    )


def _add_mark(figure: Figure, mark: ChartMark, shift_px: int, left: bool) -> None:
    place = {"x": mark.at_s, "y": 1, "xref": "x", "yref": "paper", "yshift": shift_px}
    span = {"x0": mark.at_s, "x1": mark.at_s, "y0": 0, "y1": 1, "xref": "x", "yref": "paper", "layer": "below"}
    figure.add_shape(type="line", line={"color": "var(--mark)", "width": 1.5, "dash": "dot"}, **span)
    figure.add_annotation(
        text=plain(mark.text, _MOST_MARK),
        xanchor="left" if left else "right",
        yanchor="bottom",
        showarrow=False,
        font={"size": 11, "color": "var(--mark)"},
        **place,
    )


def _levels(axis: Axis) -> Sequence[int]:
    """The level of each mark's text, chosen so that no two overlap."""
    taken: list[list[tuple[float, float]]] = []
    levels = []
    for mark in axis.marks:
        at = share(mark.at_s, axis)
        wide = min(len(mark.text), _MOST_MARK) * _CHARACTER_PX / _NARROW_PX
        span = (at, at + wide) if at < 0.6 else (at - wide, at)
        level = next((n for n, spans in enumerate(taken) if not _meets(span, spans)), len(taken))
        if level == len(taken):
            taken.append([])
        taken[level].append(span)
        levels.append(level)
    return levels


def _meets(span: tuple[float, float], others: Sequence[tuple[float, float]]) -> bool:
    return any(span[0] < end and begin < span[1] for begin, end in others)

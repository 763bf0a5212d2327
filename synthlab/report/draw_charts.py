"""Draws rows of lines as one figure, stacked, each with its own value axis and legend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .chart import Axis, ChartLine, Row
from .figure import Drawing, finished, new_figure, numbered, plain

if TYPE_CHECKING:
    from .figure import Figure

_ROW_PX, _GAP_PX, _TITLE_PX, _LEGEND_LINE_PX = 92, 34, 20, 19
_MOST_NAME = 21
_HEADROOM = 0.08
_TICKS = {"%": ".0~%", "bit/s": "~s"}
_DIGITS = {"%": ".3~%", "bit/s": ".4~s"}
_SUFFIX = {"%": "", "": ""}


def draw_rows(rows: Sequence[Row], axis: Axis) -> Drawing:
    """Draw `rows`, at least one; a row grows with its legend."""
    heights = [max(_ROW_PX, _LEGEND_LINE_PX * len(row.lines) + 8) for row in rows]
    inner_px = sum(heights) + _GAP_PX * (len(rows) - 1)
    figure = new_figure(axis, inner_px, _TITLE_PX)
    figure.update_layout(hovermode="x unified", hoversubplots="axis", showlegend=True)
    figure.update_xaxes(anchor=numbered("y", len(rows)))
    from_top = 0
    for number, (row, height) in enumerate(zip(rows, heights, strict=True), 1):
        top = 1 - from_top / inner_px
        _add_row(figure, number, row, max(0.0, 1 - (from_top + height) / inner_px), top)
        from_top += height + _GAP_PX
    return finished(figure)


def _add_row(figure: Figure, number: int, row: Row, bottom: float, top: float) -> None:
    legend = numbered("legend", number)
    for line in row.lines:
        for trace in _traces(line, row):
            figure.add_scatter(**trace, yaxis=numbered("y", number), legend=legend)
    values = {"domain": [bottom, top], "anchor": "x", "fixedrange": True, "gridcolor": "var(--grid)"}
    place = {"x": 1.005, "xanchor": "left", "y": top, "yanchor": "top", "bgcolor": "rgba(0,0,0,0)"}
    figure.update_layout(
        {
            numbered("yaxis", number): values | _scale(row),
            legend: place | {"font": {"size": 11}, "tracegroupgap": 0, "itemwidth": 30},
        }
    )
    unit = f", {row.unit}" if row.unit else ""
    place = {"x": 0, "y": top, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    figure.add_annotation(
        text=f"<b>{plain(row.title)}</b>{unit}", showarrow=False, bgcolor="var(--veil)", borderpad=0, **place
    )


def _scale(row: Row) -> dict[str, Any]:
    """The value axis: categories for words; for numbers, from 0 or the lowest negative value."""
    words = {value for line in row.lines if _wordy(line) for value in line.values if value is not None}
    if words:
        return {"type": "category", "range": [-0.5, len(words) - 0.5]}
    numbers = [value for line in row.lines for value in line.values if isinstance(value, int | float)]
    low, high = min(numbers, default=0), max(numbers, default=0)
    margin = (high - min(0, low)) * _HEADROOM or 1
    return {
        "tickformat": _TICKS.get(row.unit, "~g"),
        "range": [low - margin if low < 0 else 0, high + margin],
        "nticks": 5,
        "zerolinecolor": "var(--rule)",
    }


def _traces(line: ChartLine, row: Row) -> Iterator[dict[str, Any]]:
    common = {"x": _rounded(line.times_s), "mode": "lines"}
    strength = f"var(--{line.colour}-band)" if line.requested else f"var(--{line.colour})"
    shape = {"shape": "hv"} if line.requested or _wordy(line) else {}
    if line.low is not None:
        nothing = {"width": 0, "color": strength, **shape}
        common |= {"legendgroup": plain(f"{row.title}, {line.name}")}
        yield common | {"y": _rounded(line.low), "line": nothing, "hoverinfo": "skip", "showlegend": False}
    stroke = {
        "color": strength,
        "width": 6 if line.requested else 1.8,
        "dash": "dot" if line.dashed else "solid",
        **shape,
    }
    yield common | {
        "y": _rounded(line.values),
        "name": plain(line.name, _MOST_NAME),
        "line": stroke,
        "hovertemplate": _hover(line, row),
        **(
            {"fill": "tonexty", "fillcolor": strength, "customdata": _rounded(line.low)} if line.low is not None else {}
        ),
    }


def _hover(line: ChartLine, row: Row) -> str:
    name = line.name if line.name == row.title else f"{row.title}, {line.name}"
    if _wordy(line):
        return f"{plain(name)}: %{{y}}<extra></extra>"
    # A bit rate ends in an SI prefix, which belongs to the unit: `100kbit/s`, but `20 ms`.
    digits, suffix = _DIGITS.get(row.unit, ".4~g"), _SUFFIX.get(row.unit, f" {row.unit}".replace(" bit", "bit"))
    spread = line.low is not None and list(line.low) != list(line.values)
    low = f"%{{customdata:{digits}}} to " if spread else ""
    return f"{plain(name)}: {low}%{{y:{digits}}}{suffix}<extra></extra>"


def _wordy(line: ChartLine) -> bool:
    return any(isinstance(value, str) for value in line.values)


def _rounded(values: Sequence[Any]) -> list[Any]:
    """Round to six significant digits, more than a screen can show, to keep the page small."""
    return [float(f"{value:.6g}") if isinstance(value, float) else value for value in values]

"""Draws a recording as an SVG: rate and delay over time, each below the other."""

from __future__ import annotations

from collections.abc import Iterator

from ..scenario.recordings import LinkRecording, StepSeries, summarised
from ..text.durations import format_seconds

WIDTH, ROW, LEFT, TOP = 900, 180, 80, 40
_POINTS = 1200
_PLOT = WIDTH - LEFT - 20
_STYLE = "text{font:13px sans-serif;fill:#444}.title{font-weight:bold}.grid{stroke:#ddd}.line{fill:none;stroke:#1769aa}"


def recording_svg(recording: LinkRecording, title: str) -> str:
    """The picture; a gap is a grey band behind the rate."""
    numbers = summarised(recording)
    rows = []
    if recording.rate:
        rows.append((recording.rate, 1e-6, f"rate, Mbit/s: mean {numbers['rate_bps']['mean'] / 1e6:.4g}"))
    if recording.delay:
        rows.append((recording.delay, 1.0, f"delay, ms: mean {numbers['delay_ms']['mean']:.4g}"))
    height = TOP + len(rows) * (ROW + TOP)
    lasts_s = recording.lasts_s
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="22">{_plain(title)}, {format_seconds(lasts_s)}</text>',
    ]
    for number, (series, scale, name) in enumerate(rows):
        parts += _row(series, scale, name, TOP + number * (ROW + TOP), lasts_s)
    return "\n".join([*parts, "</svg>\n"])


def _row(series: StepSeries, scale: float, name: str, top: int, lasts_s: float) -> Iterator[str]:
    drawn = series if len(series.values) <= _POINTS else series.binned(series.lasts_s / _POINTS)
    most = max(drawn.values) * scale * 1.05 or 1.0
    bottom = top + ROW
    yield f'<text x="{LEFT}" y="{top - 5}">{name}</text>'
    for share in (0.0, 0.5, 1.0):
        y = bottom - share * ROW
        yield f'<line class="grid" x1="{LEFT}" x2="{LEFT + _PLOT}" y1="{y:g}" y2="{y:g}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:g}" text-anchor="end">{share * most:.3g}</text>'
    if scale != 1.0:
        yield from _gaps(drawn, top, lasts_s)
    points = []
    for start, span, value in zip(drawn.times_s, drawn.spans_s(), drawn.values, strict=True):
        y = bottom - value * scale / most * ROW
        points += [f"{_x(start, lasts_s)},{y:.1f}", f"{_x(start + span, lasts_s)},{y:.1f}"]
    yield f'<polyline class="line" points="{" ".join(points)}"/>'
    for at, anchor in ((0.0, "start"), (lasts_s, "end")):
        yield f'<text x="{_x(at, lasts_s)}" y="{bottom + 16}" text-anchor="{anchor}">{at:.4g} s</text>'


def _gaps(series: StepSeries, top: int, lasts_s: float) -> Iterator[str]:
    for start, span, value in zip(series.times_s, series.spans_s(), series.values, strict=True):
        if value == 0:
            width = max(0.5, span / lasts_s * _PLOT)
            yield f'<rect x="{_x(start, lasts_s)}" y="{top}" width="{width:.1f}" height="{ROW}" fill="#eee"/>'


def _x(at_s: float, lasts_s: float) -> str:
    return f"{LEFT + at_s / lasts_s * _PLOT:.1f}"


def _plain(text: str) -> str:
    """Text as XML; control characters are not allowed in it."""
    shown = "".join(character if character.isprintable() else "?" for character in text)
    return shown.replace("&", "&amp;").replace("<", "&lt;")

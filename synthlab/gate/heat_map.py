"""A page with a heat map of a sweep: the share of runs that passed, and the median of each number. Needs no script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..report.html import render_page
from ..scenario.expression import value_text
from .run_numbers import TOOK, NumberName
from .sweep_result import CellResult, SweepResult

_GREEN, _RED, _BLUE = 130, 5, 215
NOTHING = "no run"


@dataclass(frozen=True, slots=True)
class Square:
    """One cell of a map: its text, and its background as hue and lightness (in %); None: no data."""

    text: str
    hue: int | None = None
    lightness: int = 100


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Rows are the combinations of all axes but the last, columns the values of the last."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Square, ...]], ...]


def sweep_page(result: SweepResult, title: str) -> str:
    """The page as HTML: one map for the verdicts, one for each number."""
    cells = result.cells
    numbers = list(dict.fromkeys(name for one in cells for name in one.medians))
    maps = [_map("runs that passed", result, cells, _passed)]
    maps += [_map(f"median of {name}", result, cells, _median(name, cells)) for name in numbers]
    return render_page("gate/sweep.html.j2", title=title, maps=maps, played=len(result.records), all=len(result.runs))


def _map(title: str, result: SweepResult, cells: list[CellResult], square: Callable[[CellResult], Square]) -> HeatMap:
    *others, last = result.axes
    width = len(last.values)
    rows = [cells[at : at + width] for at in range(0, len(cells), width)]
    heads = [
        " ".join(f"{axis.name}={value}" for axis, value in zip(others, row[0].cell.values, strict=False))
        for row in rows
    ]
    columns = tuple(f"{last.name}={value}" for value in last.values)
    return HeatMap(
        title, columns, tuple((head, tuple(map(square, row))) for head, row in zip(heads, rows, strict=True))
    )


def _passed(one: CellResult) -> Square:
    if one.share is None:
        return Square("inconclusive" if one.records else NOTHING)
    hue = round(_RED + (_GREEN - _RED) * one.share)
    return Square(f"{one.count('passed')} of {one.judged}", hue, 80)


def _median(name: NumberName, cells: list[CellResult]) -> Callable[[CellResult], Square]:
    """What makes the square of a number; its shade is relative to all cells."""
    values = [one.medians[name] for one in cells if name in one.medians]
    low, high = min(values), max(values)

    def square(one: CellResult) -> Square:
        return _shaded(name.name, one.medians[name], low, high) if name in one.medians else Square(NOTHING)

    return square


def _shaded(name: str, value: float, low: float, high: float) -> Square:
    """The darker, the larger."""
    share = (value - low) / (high - low) if high > low else 0.0
    text = f"{value:.3g} s" if name == TOOK else value_text(name, float(f"{value:.4g}"))
    return Square(text, _BLUE, round(95 - 35 * share))

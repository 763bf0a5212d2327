"""Several runs of one scenario side by side: one number of each, its spread, and a picture of all runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from ..scenario.record import Judged, Limit, Record, Verdict
from ..scenario.titles import titles
from ..text.durations import format_seconds
from .amounts import amount, last
from .chart import Axis, ChartLine, Look, Row
from .chart_data import ChartData
from .picture import measured, unit_of
from .section import Section
from .sparkline import Sparkline, sparkline
from .timeline import COLOURS, SIGNS

MOST_LINES = 24
"""Runs drawn in one picture."""
_WEIGHT: Sequence[Verdict] = ("passed", "inconclusive", "failed", "wrong use")


@dataclass(frozen=True, slots=True)
class RunRow:
    """One row of the table of runs. `judged` is the expectation that all rows show; None if it was not reached."""

    section: Section
    judged: Judged | None
    variables: tuple[str, ...]
    spark: Sparkline | None

    @property
    def record(self) -> Record:
        return self.section.record

    @property
    def value(self) -> str:
        limit = self.judged and self.judged.limit
        return amount(limit, last(limit.values)) if limit and limit.values else "-"

    @property
    def took(self) -> str:
        took_s = self.judged.took_s if self.judged else None
        return "-" if took_s is None else format_seconds(round(took_s, 1))

    @property
    def why(self) -> str:
        """The sentence of a run that did not pass."""
        return "" if self.record.verdict == "passed" else self.section.headline.why


class Runs:
    """The runs of one scenario, in their order."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self.sections = sections
        self.scenario = sections[0].record.scenario
        self.title = _shown_title([section.record for section in sections])
        """The expectation whose number is shown; empty if none was decided."""
        self.variables = tuple(dict.fromkeys(name for section in sections for name in section.record.variables))
        self.engines = any(section.record.engine for section in sections)

    @cached_property
    def rows(self) -> tuple[RunRow, ...]:
        return tuple(map(self._row, self.sections))

    @property
    def verdict(self) -> Verdict:
        return worst([section.record.verdict for section in self.sections])

    @property
    def why(self) -> str:
        """How many runs did not pass, and why the first of the worst did not."""
        bad = [section for section in self.sections if section.record.verdict == self.verdict]
        if self.verdict == "passed":
            return f"All {len(bad)} runs passed."
        first = bad[0]
        return f"{len(bad)} of {len(self.sections)} runs: {self.verdict}. Run {first.number}: {first.headline.why}"

    @property
    def counts(self) -> tuple[tuple[Verdict, int], ...]:
        counts = Counter(section.record.verdict for section in self.sections)
        return tuple((verdict, counts[verdict]) for verdict in reversed(_WEIGHT) if counts[verdict])

    @property
    def spread(self) -> tuple[str, str] | None:
        """Median, least and most of the value and of the time taken; None where no run has numbers."""
        limits = [row.judged.limit for row in self.rows if row.judged and row.judged.limit]
        pairs = [(limit, value) for limit in limits if isinstance(value := last(limit.values), int | float)]
        took = [row.judged.took_s for row in self.rows if row.judged and row.judged.took_s is not None]
        if not pairs and not took:
            return None
        limit = pairs[0][0] if pairs else None
        values = [value for _, value in pairs]
        return (
            _spread([amount(limit, one) for one in _three(values)]) if limit else "-",
            _spread([format_seconds(round(one, 1)) for one in _three(took)]) if took else "-",
        )

    def picture(self, data: ChartData) -> tuple[str, str, str] | None:
        """Put the number of all runs into one chart of `data`; its id, title and unit. None if nothing was measured."""
        lines = [line for row in self.rows[:MOST_LINES] for line in _run_line(row)]
        limits = [row.judged.limit for row in self.rows if row.judged and row.judged.limit]
        if not lines or not limits:
            return None
        lines += _limit_lines(limits, self.axis)
        return (
            data.add("runs", Row(limits[0].number, unit_of(limits[0]), tuple(lines))),
            limits[0].number,
            unit_of(limits[0]),
        )

    @property
    def axis(self) -> Axis:
        """The time axis of the picture of all runs; shades and marks are those of the first of the worst runs."""
        axes = [section.axis for section in self.sections]
        shown = next(section for section in self.sections if section.record.verdict == self.verdict).axis
        return Axis(
            begins_s=min(axis.begins_s for axis in axes),
            ends_s=max(axis.ends_s for axis in axes),
            marks=shown.marks,
            shades=shown.shades,
        )

    def _row(self, section: Section) -> RunRow:
        record = section.record
        judged = dict(zip(titles(record.judged), record.judged, strict=True)).get(self.title)
        variables = tuple(record.variables.get(name, "") for name in self.variables)
        spark = sparkline(judged.limit, record, section.axis) if judged and judged.limit else None
        return RunRow(section, judged, variables, spark)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The overall verdict of several runs; `inconclusive` for none."""
    return max(verdicts, key=_WEIGHT.index, default="inconclusive")


def by_scenario(sections: Sequence[Section]) -> tuple[Runs, ...]:
    """The runs of each scenario, those with the worst verdict first."""
    groups: dict[tuple[str, str], list[Section]] = {}
    for section in sections:
        groups.setdefault((section.record.scenario, section.record.file), []).append(section)
    runs = [Runs(group) for group in groups.values()]
    return tuple(sorted(runs, key=lambda one: _WEIGHT.index(one.verdict), reverse=True))


def _shown_title(records: Sequence[Record]) -> str:
    """The expectation that failed most often, else the one that took longest."""
    named = [(name, one) for record in records for name, one in zip(titles(record.judged), record.judged, strict=True)]
    if failed := Counter(name for name, one in named if one.verdict == "failed"):
        return failed.most_common(1)[0][0]
    return max(named, key=lambda pair: pair[1].took_s or 0.0)[0] if named else ""


def _run_line(row: RunRow) -> Iterator[ChartLine]:
    limit = row.judged and row.judged.limit
    times, values = measured(limit, row.record.samples) if limit else ([], [])
    if times:
        verdict = row.record.verdict
        look: Look = "faint" if verdict == "passed" else "solid"
        name = f"run {row.section.number} {SIGNS[verdict]}"
        yield ChartLine(name=name, colour=COLOURS[verdict], times_s=times, values=values, look=look)


def _limit_lines(limits: Sequence[Limit], axis: Axis) -> list[ChartLine]:
    """The lowest and the highest limit: they differ between runs if they follow from a baseline."""
    fixed = [one for one in (last(limit.limits) for limit in limits) if isinstance(one, int | float)]
    shown = sorted({min(fixed), max(fixed)}) if fixed else []
    return [
        ChartLine(
            name=f"{limits[0].sign} {amount(limits[0], value)}",
            colour="ink",
            times_s=[axis.begins_s, axis.ends_s],
            values=[value, value],
            look="limit",
        )
        for value in shown
    ]


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    return median(values), min(values), max(values)


def _spread(texts: Sequence[str]) -> str:
    """`4.2s (3.9s to 5.1s)`."""
    return f"{texts[0]} ({texts[1]} to {texts[2]})"

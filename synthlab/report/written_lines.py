"""What pages wrote to their consoles, and programs to their logs, on the time axis of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..scenario.record import Line
from .chart import Axis

MOST_LINES = 200
"""Shown of one writer, the worst and then the latest; the files of evidence have all."""


@dataclass(frozen=True, slots=True)
class WrittenLines:
    """The lines of one writer within the run, in order of time. `left_out` are not shown."""

    title: str
    lines: tuple[Line, ...]
    left_out: int

    @property
    def bad(self) -> int:
        return sum(line.bad for line in self.lines)


def written_lines(lines: Sequence[Line], axis: Axis) -> tuple[WrittenLines, ...]:
    """By writer: consoles before logs, those with errors first."""
    by_writer: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if axis.begins_s <= line.at_s <= axis.ends_s:
            by_writer.setdefault((line.kind, line.writer), []).append(line)
    found = [_kept(f"{kind} of {writer}", own) for (kind, writer), own in by_writer.items()]
    return tuple(sorted(found, key=lambda one: (not one.title.startswith("console"), not one.bad)))


def _kept(title: str, lines: list[Line]) -> WrittenLines:
    worst = sorted(lines, key=lambda line: (line.bad, line.at_s))[-MOST_LINES:]
    return WrittenLines(title, tuple(sorted(worst, key=lambda line: line.at_s)), len(lines) - len(worst))

"""The runs of a matrix so far, by combination: verdicts and numbers, as data, CSV and rows of a table."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from ..scenario.record import Record
from ..scenario.titles import titles
from .matrix import Cell, MatrixAxis, MatrixRun
from .run_numbers import NumberName, numbers_of


@dataclass(frozen=True, slots=True)
class CellResult:
    """The runs of one combination."""

    cell: Cell
    records: tuple[Record, ...]

    def count(self, verdict: str) -> int:
        return sum(record.verdict == verdict for record in self.records)

    @property
    def judged(self) -> int:
        """How many passed or failed."""
        return self.count("passed") + self.count("failed")

    @property
    def share(self) -> float | None:
        """The share of judged runs that passed; None without any."""
        return self.count("passed") / self.judged if self.judged else None

    @property
    def medians(self) -> dict[NumberName, float]:
        """The median of each number over its judged runs."""
        values: dict[NumberName, list[float]] = {}
        for record in self.records:
            for name, value in numbers_of(record).items() if record.verdict in ("passed", "failed") else ():
                values.setdefault(name, []).append(value)
        return {name: median(found) for name, found in values.items()}

    @property
    def blamed(self) -> str:
        """The title of the expectation that failed most often; empty if none did."""
        failed = Counter(
            title
            for record in self.records
            for title, judged in zip(titles(record.judged), record.judged, strict=True)
            if record.verdict == "failed" and judged.verdict == "failed"
        )
        return failed.most_common(1)[0][0] if failed else ""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """All runs of a matrix, in their order, with the records of those that have been played."""

    axes: tuple[MatrixAxis, ...]
    runs: tuple[MatrixRun, ...]
    records: Mapping[int, Record]

    @property
    def cells(self) -> list[CellResult]:
        """The combinations, in their order."""
        by_cell: dict[Cell, list[Record]] = {run.cell: [] for run in self.runs}
        for run in self.runs:
            if run.number in self.records:
                by_cell[run.cell].append(self.records[run.number])
        return [CellResult(cell, tuple(records)) for cell, records in by_cell.items()]

    @property
    def exit_code(self) -> int:
        """1 if a run failed, else 3 if one could not be judged, else 0."""
        verdicts = {record.verdict for record in self.records.values()}
        return 1 if "failed" in verdicts else 3 if verdicts - {"passed"} else 0

    def named_records(self) -> list[Record]:
        """The records in the order of the runs; each scenario's name has the combination behind it."""
        played = [(run, self.records[run.number]) for run in self.runs if run.number in self.records]
        return [replace(record, scenario=f"{record.scenario} {run.cell}") for run, record in played]

    def to_dict(self) -> dict[str, Any]:
        return {
            "axes": {axis.name: list(axis.values) for axis in self.axes},
            "planned": len(self.runs),
            "runs": [_run(run, self.records[run.number]) for run in self.runs if run.number in self.records],
            "cells": [_cell(one) for one in self.cells],
        }

    def csv_text(self) -> str:
        """A row per run: values, seed, verdict, and each number."""
        rows = [(run, record, numbers_of(record)) for run, record in self._played()]
        numbers = list(dict.fromkeys(name for _, _, found in rows for name in found))
        output = io.StringIO()
        writer = csv.writer(output, lineterminator="\n")
        axes = [axis.name for axis in self.axes]
        writer.writerow([*axes, "repetition", "seed", "verdict", "retried", "reason", *map(str, numbers)])
        for run, record, found in rows:
            reason = record.reasons[0] if record.reasons and record.verdict != "passed" else ""
            facts = [run.repetition + 1, record.seed, record.verdict, record.retried, reason]
            writer.writerow([*run.cell.values, *facts, *(found.get(name, "") for name in numbers)])
        return output.getvalue()

    def rows(self) -> Iterator[Sequence[str]]:
        """A row per combination: values, how many passed, how many could not be judged, and what failed most often."""
        for one in self.cells:
            doubted = one.count("inconclusive")
            yield (*one.cell.values, f"{one.count('passed')} of {one.judged}", str(doubted or ""), one.blamed)

    def _played(self) -> Iterator[tuple[MatrixRun, Record]]:
        yield from ((run, self.records[run.number]) for run in self.runs if run.number in self.records)


def _run(run: MatrixRun, record: Record) -> dict[str, Any]:
    names = ("seed", "verdict", "retried", "reasons", "started", "duration_s", "lab")
    numbers = [
        {"expectation": name.expectation, "name": name.name, "value": value}
        for name, value in numbers_of(record).items()
    ]
    facts = {name: getattr(record, name) for name in names}
    return {"values": run.cell.by_name, "repetition": run.repetition + 1, **facts, "numbers": numbers}


def _cell(one: CellResult) -> dict[str, Any]:
    medians = [
        {"expectation": name.expectation, "name": name.name, "median": value} for name, value in one.medians.items()
    ]
    counts = {verdict: one.count(verdict) for verdict in ("passed", "failed", "inconclusive")}
    return {"values": one.cell.by_name, **counts, "numbers": medians}

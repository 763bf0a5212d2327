"""Real runs of the same code, and comparisons of sides drawn from them, in which nothing can differ."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median, stdev

from synthlab.gate.comparison import ALPHA, ComparisonResult, compare
from synthlab.gate.run_numbers import NumberName, numbers_of
from synthlab.gate.sample_test import permutation_p
from synthlab.scenario.record import Record

RUNS = 8
COMPARISONS, MOST_ALARMS = 500, 5
POWER, TRIES = 0.9, 100
CHANGES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0)


def save(file: Path, records: Sequence[Record]) -> None:
    """Keep what a comparison reads: verdicts, expectations and the samples of their numbers."""
    text = json.dumps([_reduced(one).to_dict() for one in records], separators=(",", ":"))
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


def load(file: Path) -> list[Record]:
    return [Record.from_dict(values) for values in json.loads(gzip.decompress(file.read_bytes()))]


def comparisons(records: Sequence[Record], random: Random) -> Iterator[ComparisonResult]:
    """Comparisons of two sides of RUNS runs each, which are drawn anew each time."""
    for _ in range(COMPARISONS):
        drawn = random.sample(records, 2 * RUNS)
        yield compare(drawn[:RUNS], drawn[RUNS:], ("base", "new"), False, 0.0)


def is_alarm(result: ComparisonResult) -> bool:
    """Whether it reports any difference."""
    return any(one.differs for one in result.numbers) or any(one.differs for one in result.verdicts)


def resolution(records: Sequence[Record], random: Random) -> dict[NumberName, tuple[float, float, float | None]]:
    """Of each number its median, its spread (1 sigma as a share of the median), and the smallest change that is found.

    That is the least of CHANGES, a share of the median by which each run of the new side is moved, that is found in
    POWER of the comparisons; None if even the largest is missed.
    """
    found = [numbers_of(record) for record in records]
    varying = [name for name in found[0] if len({one.get(name) for one in found}) > 1]
    return {name: _resolution([one[name] for one in found if name in one], len(varying), random) for name in varying}


def _resolution(values: Sequence[float], tests: int, random: Random) -> tuple[float, float, float | None]:
    middle = median(values)

    def is_found(change: float) -> bool:
        """Whether Holm's correction lets it pass even if no other number differs."""
        drawn = random.sample(values, 2 * RUNS)
        moved = [value + change * middle for value in drawn[RUNS:]]
        return permutation_p(drawn[:RUNS], moved) * tests <= ALPHA

    smallest = next((one for one in CHANGES if sum(is_found(one) for _ in range(TRIES)) >= POWER * TRIES), None)
    return middle, stdev(values) / middle, smallest


def _reduced(record: Record) -> Record:
    """The record without the samples of other numbers, lines and steps, nor the folder it was played in."""
    names = {name for judged in record.judged for name in judged.seen}
    return replace(
        record,
        file=Path(record.file).name,
        judged=tuple(replace(one, place=Path(one.place).name) for one in record.judged),
        samples={name: series for name, series in record.samples.items() if name in names},
        lines=(),
        steps=(),
        configured=(),
    )

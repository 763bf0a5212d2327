"""Runs each measurement several times, alternating between the kinds, and records every value."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from syntheticnet.channel import Unanswered
from synthlab import SynthlabError

from . import machine
from .errors import Failed
from .figure import Result, Values
from .measurements import Measurement
from .testbed import Kind

Progress = Callable[[str], None]


class Bed(Protocol):
    """What measurements run on: a testbed, or a lab."""

    def put(self, kind: Kind) -> None: ...
    def clear(self) -> None: ...
    def drops(self) -> Counter[str]: ...
    def interface_drops(self) -> int: ...


@dataclass
class Record:
    """Results of all runs of one measurement."""

    measurement: Measurement[Any]
    runs: dict[str, list[Values]] = field(default_factory=dict)
    drops: list[Counter[str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def results(self) -> list[Result]:
        return [figure.result(self.runs) for figure in self.measurement.figures]

    def missed(self) -> list[str]:
        """Labels of the figures that miss their goal."""
        return [result.figure.label for result in self.results() if result.met is False]

    def total(self, kind: str, key: str) -> float | None:
        """The sum of a value over all runs; None if no run has it."""
        values = [run[key] for run in self.runs.get(kind, ()) if key in run]
        return sum(values) if values else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "runs": {kind: [dict(run) for run in runs] for kind, runs in self.runs.items()},
            "forwarder_drops": [dict(drops) for drops in self.drops],
            "failures": self.failures,
            "seconds": self.seconds,
            "figures": [_figure_dict(result) for result in self.results()],
        }


def measure(bed: Bed, measurement: Measurement[Any], kinds: Sequence[Kind], runs: int, progress: Progress) -> Record:
    """Run all kinds `runs` times.

    Every second run reverses the order of kinds: slow phases of the machine hit both alike, and the testbed is
    rebuilt less often.
    """
    record, start = Record(measurement), time.monotonic()
    order = list(kinds)
    for n in range(runs):
        for kind in order:
            progress(f"{measurement.name}: {kind}, run {n + 1} of {runs}")
            _run(bed, kind, n, record)
        order.reverse()
    record.seconds = time.monotonic() - start
    return record


def _run(bed: Bed, kind: Kind, number: int, record: Record) -> None:
    ticks = machine.ticks()
    try:
        bed.put(kind)
        before, lost = bed.drops(), bed.interface_drops()
        values = dict(record.measurement.run(bed, kind))
        drops = bed.drops()
        drops.subtract(before)
    except (Failed, Unanswered, SynthlabError, subprocess.CalledProcessError, OSError) as error:
        record.failures.append(f"{kind}: {error}")
        bed.clear()
        return
    values["interface_drops"] = bed.interface_drops() - lost
    values["run"] = number
    values["stolen_share"] = machine.stolen_share(ticks, machine.ticks())
    record.runs.setdefault(kind, []).append(values)
    if kind == "forwarder":
        record.drops.append(+drops)


def _figure_dict(result: Result) -> dict[str, Any]:
    figure = result.figure
    return {
        "label": figure.label,
        "unit": figure.unit,
        "goal": figure.goal.text if figure.goal else None,
        "met": result.met,
        **{kind: vars(spread) if spread else None for kind, spread in result.summaries.items()},
        "forwarder_to_before": vars(result.against_before) if result.against_before else None,
    }

"""A row of the table: one value summarized over all runs, for each kind of middle, and its goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .goal import Goal
from .summary import Summary
from .testbed import KINDS, Kind

Values = Mapping[str, float]
"""Results of one run, by name."""


@dataclass(frozen=True)
class Figure:
    """The value of a run to show; the goal applies to it, or to the value `judged` if set.

    A relative goal compares the forwarder with the kind `beside`.
    """

    key: str
    label: str
    unit: str
    goal: Goal | None = None
    digits: int = 2
    judged: str = ""
    beside: Kind = "bridge"

    def result(self, runs: Mapping[str, Sequence[Values]]) -> Result:
        """`runs` by kind; any may be missing."""
        shown, judged = ({kind: _summary(runs.get(kind, ()), key) for kind in KINDS} for key in self._keys)
        forwarder, beside = judged["forwarder"], judged[self.beside]
        met = None
        if self.goal is not None:
            met = forwarder is not None and self.goal.met(forwarder.median, beside.median if beside else None)
        return Result(self, shown, met)

    @property
    def _keys(self) -> tuple[str, str]:
        return self.key, self.judged or self.key


@dataclass(frozen=True)
class Result:
    """A figure with its values; `met` is None without a goal."""

    figure: Figure
    summaries: Mapping[Kind, Summary | None]
    met: bool | None


def _summary(runs: Sequence[Values], key: str) -> Summary | None:
    values = [run[key] for run in runs if key in run]
    return Summary.of(values) if values else None

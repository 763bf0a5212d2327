"""A row of the table: one value summarized over all runs, for each kind of middle, and its goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .goal import Goal
from .summary import Summary
from .testbed import FORWARDERS, KINDS, Kind

Values = Mapping[str, float]
"""Results of one run, by name; `run` is its number."""


@dataclass(frozen=True)
class Figure:
    """The value of a run to show; the goal applies to it, or to the value `judged` if set.

    A relative goal compares the forwarder with the kind `beside`. With `pairs`, a forwarder's value is its ratio to
    that kind's in the run next to it.
    """

    key: str
    label: str
    unit: str
    goal: Goal | None = None
    digits: int = 2
    judged: str = ""
    beside: Kind = "bridge"
    pairs: bool = False

    def result(self, runs: Mapping[str, Sequence[Values]]) -> Result:
        """`runs` by kind; any may be missing."""
        if self.pairs:  # the ratio to another checkout's is in the row above
            shown = {kind: self._paired(runs, kind) for kind in KINDS}
            own = shown["forwarder"]
            return Result(self, shown, None, self._is_met(own.median if own else None, None))
        shown, judged = ({kind: _summary(_values(runs.get(kind, ()), key)) for kind in KINDS} for key in self._keys)
        against = _summary(ratios(runs, "forwarder", "before", self.key))
        forwarder, beside = judged["forwarder"], judged[self.beside]
        met = self._is_met(forwarder.median if forwarder else None, beside.median if beside else None)
        return Result(self, shown, against, met)

    def _paired(self, runs: Mapping[str, Sequence[Values]], kind: Kind) -> Summary | None:
        return _summary(ratios(runs, kind, self.beside, self.key)) if kind in FORWARDERS else None

    def _is_met(self, value: float | None, beside: float | None) -> bool | None:
        if self.goal is None:
            return None
        return value is not None and self.goal.met(value, beside)

    @property
    def _keys(self) -> tuple[str, str]:
        return self.key, self.judged or self.key


def paired(key: str, label: str, goal: Goal | None) -> list[Figure]:
    """The row of a value's ratio to the bridge's; none without a goal."""
    return [Figure(key, f"{label}: ratio to the bridge", "pairs", goal, pairs=True)] if goal else []


@dataclass(frozen=True)
class Result:
    """A figure with its values; `met` is None without a goal.

    `against_before` is the ratio of our forwarder's value to that of the other checkout's, run by run.
    """

    figure: Figure
    summaries: Mapping[Kind, Summary | None]
    against_before: Summary | None
    met: bool | None


def ratios(runs: Mapping[str, Sequence[Values]], kind: Kind, beside: Kind, key: str) -> list[float]:
    """A kind's value as a ratio to that of another kind in the same run; runs that lack either are left out."""
    others = {run["run"]: run[key] for run in runs.get(beside, ()) if run.get(key)}
    return [run[key] / others[run["run"]] for run in runs.get(kind, ()) if key in run and run["run"] in others]


def _values(runs: Sequence[Values], key: str) -> list[float]:
    return [run[key] for run in runs if key in run]


def _summary(values: Sequence[float]) -> Summary | None:
    return Summary.of(values) if values else None

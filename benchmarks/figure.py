"""A row of the table: one value summarized over all runs, for bridge and forwarder, and its goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .goal import Goal
from .summary import Summary

Values = Mapping[str, float]
"""Results of one run, by name."""


@dataclass(frozen=True)
class Figure:
    """The value of a run to show; the goal applies to it, or to the value `judged` if set."""

    key: str
    label: str
    unit: str
    goal: Goal | None = None
    digits: int = 2
    judged: str = ""

    def result(self, runs: Mapping[str, Sequence[Values]]) -> Result:
        """`runs` by `bridge` and `forwarder`; either may be missing."""
        shown, judged = (
            {kind: _summary(runs.get(kind, ()), key) for kind in ("bridge", "forwarder")} for key in self._keys
        )
        forwarder, bridge = judged["forwarder"], judged["bridge"]
        met = None
        if self.goal is not None:
            met = forwarder is not None and self.goal.met(forwarder.median, bridge.median if bridge else None)
        return Result(self, shown["bridge"], shown["forwarder"], met)

    @property
    def _keys(self) -> tuple[str, str]:
        return self.key, self.judged or self.key


@dataclass(frozen=True)
class Result:
    """A figure with its values; `met` is None without a goal."""

    figure: Figure
    bridge: Summary | None
    forwarder: Summary | None
    met: bool | None


def _summary(runs: Sequence[Values], key: str) -> Summary | None:
    values = [run[key] for run in runs if key in run]
    return Summary.of(values) if values else None

"""One run of pytest, which all its workers belong to."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 28
"""Characters of a stack's name: with what comes behind them it may be a lab's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PytestRun:
    """`token` tells its labs from those of other runs; `worker` is the name of this one where there are several.

    `alone` says whether this one runs all tests. `workers` are those that were begun and have not ended in good order.
    """

    token: str
    seed: int
    worker: str = ""
    alone: bool = True
    workers: set[str] = field(default_factory=set)

    @property
    def seed_line(self) -> str:
        """How to draw the same again."""
        return f"seed {self.seed} (--synthlab-seed={self.seed} draws the same again)"

    def lab_name(self, stack: str) -> str:
        return "-".join(part for part in (stack[:MOST], self.token, self.worker) if part)

    def is_of_worker(self, lab: str) -> bool:
        """Whether a lab of that name is one of a worker of this run."""
        return f"-{self.token}-gw" in lab

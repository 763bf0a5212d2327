"""One pytest run, shared by all its workers."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 28
"""Characters kept of a stack's name, so that a lab's name with its suffixes is not too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PytestRun:
    """`token` distinguishes its labs from those of other runs; `worker` is this xdist worker, empty without xdist.

    `alone` is true if this process runs all tests. `workers` are those that were started and have not exited normally.
    """

    token: str
    seed: int
    worker: str = ""
    alone: bool = True
    workers: set[str] = field(default_factory=set)

    @property
    def seed_line(self) -> str:
        """The seed as text, with the option that repeats it."""
        return f"seed {self.seed} (repeat with --synthlab-seed={self.seed})"

    def lab_name(self, stack: str) -> str:
        return "-".join(part for part in (stack[:MOST], self.token, self.worker) if part)

    def is_of_worker(self, lab: str) -> bool:
        """Whether the lab of this name belongs to a worker of this run."""
        return f"-{self.token}-gw" in lab

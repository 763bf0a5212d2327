"""Waits for files or a time, punctually: it compensates for the latency of waking up measured lately.

Uses select: its timeouts are in microseconds, and for a few files no call from Python costs less.
"""

from __future__ import annotations

import time
from select import select

# Nearer deadlines mean dense traffic: busy-waiting before each of them would occupy a whole core.
SPARSE_NS = 1_000_000
MOST_LEAD_NS = 200_000
# Wake-ups vary: to aim for the deadline itself would be to busy-wait for it every other time.
AIM_NS = 40_000
SECOND = 10**9
# Of one wake-up: the lead follows their median, as on a busy machine some are very late.
MOST_STEP_NS = 4_000
_NONE = ()


class Poller:
    """A few files and one deadline."""

    def __init__(self) -> None:
        self._watched: list[int] = []
        self.lead = 0
        """Recent latency of waking up (ns)."""

    def watch(self, fd: int) -> None:
        self._watched.append(fd)

    def ignore(self, fd: int) -> None:
        self._watched.remove(fd)

    def wait(self, due: int | None) -> list[int]:
        """Wait for readable files and return them; empty at `due` (ns, monotonic), never before it."""
        if due is None:
            return select(self._watched, _NONE, _NONE)[0]
        left = due - time.monotonic_ns()
        if left < SPARSE_NS:
            return select(self._watched, _NONE, _NONE, max(0, left) / SECOND)[0]
        early = max(0, self.lead - AIM_NS)
        ready = select(self._watched, _NONE, _NONE, (left - early) / SECOND)[0]
        if not ready:
            self._settle(due, early)
        return ready

    def _settle(self, due: int, early: int) -> None:
        """Update `lead` from the observed latency, and busy-wait until `due`."""
        now = time.monotonic_ns()
        step = (now - (due - early) - self.lead) // 4
        self.lead = min(self.lead + max(-MOST_STEP_NS, min(step, MOST_STEP_NS)), MOST_LEAD_NS)
        while now < due:
            now = time.monotonic_ns()

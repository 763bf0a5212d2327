"""Wakes the loop at a deadline and not after it: early by what waking up has lately cost, the rest waited out awake."""

from __future__ import annotations

import time
from collections.abc import Callable

from .libc import Timer

# Deadlines nearer than this keep the processor awake anyway; waiting awake for each of them would take all of it.
SPARSE_NS = 1_000_000
MOST_LEAD_NS = 200_000
_WEIGHT = 8  # one in so many parts of the newest measurement goes into the mean


class Alarm:
    """One deadline at a time; register it in epoll, and call `rang` when it is readable."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock = clock
        self._timer = Timer()
        self._due: int | None = None
        self._early = 0  # how much before `_due` the timer was set to ring
        self.lead = 0  # what waking up has cost lately, ns

    def fileno(self) -> int:
        return self._timer.fileno()

    def set(self, due: int | None, now: int) -> None:
        """Be ready at `due` (ns of the monotonic clock), or never."""
        if due == self._due:
            return
        self._due = due
        self._early = self.lead if due is not None and due - now > SPARSE_NS else 0
        self._timer.set(None if due is None else due - self._early)

    def rang(self) -> None:
        """Learn from how late it is, and return no sooner than the deadline."""
        self._timer.rung()
        if self._due is None:
            return
        if self._early or not self.lead:
            late = self._clock() - (self._due - self._early)
            self.lead += (max(0, min(late, MOST_LEAD_NS)) - self.lead) // _WEIGHT
        while self._clock() < self._due:
            pass
        self._due = None

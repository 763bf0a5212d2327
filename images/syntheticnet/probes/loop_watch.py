"""Notices when an event loop did not run in time: what it measured meanwhile is not the network's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

TICK_S = 0.02
MOST_S = 0.02
"""A loop that stood still for longer than both together is always noticed."""


class LoopWatch:
    """Ticks while something is measured, and only then."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._measuring = 0
        self._due = 0.0
        self._late_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """The loop is watched within the block."""
        self._measuring += 1
        if self._timer is None:
            self._schedule()
        try:
            yield
        finally:
            self._measuring -= 1
            if not self._measuring and self._timer:
                self._timer.cancel()
                self._timer = None

    def since(self, start: float) -> bool:
        """Whether the loop was late at any time from `start`, on its clock, until now; asked within `watched`."""
        self._look()
        return self._late_at >= start

    def _look(self) -> None:
        now = self._loop.time()
        if now - self._due > MOST_S:
            self._late_at = now

    def _tick(self) -> None:
        self._look()
        self._schedule()

    def _schedule(self) -> None:
        self._due = self._loop.time() + TICK_S
        self._timer = self._loop.call_at(self._due, self._tick)

"""Collects the failures of a run and triggers the collection of evidence soon after the first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .run_clock import RunClock

AFTERMATH_S = 1.0
"""How long recording continues after the first failure before evidence is collected."""


class Failures:
    """The failures of a run. `ended_badly` are failed steps; `first_ns` also counts failed expectations.

    `mark` is called for each failure, `collect` once, soon after the first.
    """

    def __init__(self, time: RunClock, mark: Callable[[str], None], collect: Callable[[], None]) -> None:
        self.ended_badly: list[str] = []
        self.first_ns: int | None = None
        self._time = time
        self._mark = mark
        self._collect = collect
        self._collecting: asyncio.Task[None] | None = None

    def note(self, what: str) -> None:
        """Record a failure, described in one line."""
        self._mark(what)
        if self.first_ns is None:
            self.first_ns = self._time.now_ns()
            self._collecting = asyncio.create_task(self._collect_soon())

    async def collected(self) -> None:
        """Wait until the evidence is collected, if there was a failure."""
        if self._collecting:
            await self._collecting

    async def _collect_soon(self) -> None:
        await self._time.clock.pause(AFTERMATH_S)
        await asyncio.to_thread(self._collect)

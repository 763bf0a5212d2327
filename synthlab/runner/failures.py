"""What fails while a scenario is played; evidence of it is collected soon after the first failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .run_clock import RunClock

AFTERMATH_S = 1.0
"""How much of what follows a failure the evidence has."""


class Failures:
    """`ended_badly` are the steps that did; `first_ns` is when the first of all failures came, also of expectations.

    `mark` is told of each, and `collect` is called soon after the first.
    """

    def __init__(self, time: RunClock, mark: Callable[[str], None], collect: Callable[[], None]) -> None:
        self.ended_badly: list[str] = []
        self.first_ns: int | None = None
        self._time = time
        self._mark = mark
        self._collect = collect
        self._collecting: asyncio.Task[None] | None = None

    def note(self, what: str) -> None:
        """Note a failure, in one line."""
        self._mark(what)
        if self.first_ns is None:
            self.first_ns = self._time.now_ns()
            self._collecting = asyncio.create_task(self._collect_soon())

    async def collected(self) -> None:
        """Wait for the evidence, if there is to be any."""
        if self._collecting:
            await self._collecting

    async def _collect_soon(self) -> None:
        await self._time.clock.pause(AFTERMATH_S)
        await asyncio.to_thread(self._collect)

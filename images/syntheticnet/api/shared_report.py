"""The forwarder's report: one question for all who wait for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from .control_client import ControlClient

PAUSE = 2
"""After an answer the forwarder is left alone for so many times as long as the answer took."""


class SharedReport:
    """Each caller gets a report that was asked for after its call, so it never misses a change made before.

    A report takes milliseconds of the forwarder, which packets and changes would miss if hundreds of readers asked for
    one each. So those who wait share a report, and all reports together take at most a third of the time.
    """

    def __init__(
        self,
        control: ControlClient,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._control = control
        self._clock = clock
        self._sleep = sleep
        self._asking = asyncio.Lock()
        self._next_at = 0.0
        self._next: asyncio.Task[dict[str, Any]] | None = None

    async def ask(self) -> dict[str, Any]:
        """The report, which callers share and must not change; raises Unanswered."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._ask())
        # A caller whose connection ends must not cancel the question of the others.
        return await asyncio.shield(self._next)

    async def _ask(self) -> dict[str, Any]:
        async with self._asking:
            pause = self._next_at - self._clock()
            if pause > 0:
                await self._sleep(pause)
            self._next = None  # who calls from now on needs a later report
            began = self._clock()
            try:
                return await self._control.ask("report")
            finally:
                ended = self._clock()
                self._next_at = ended + PAUSE * (ended - began)

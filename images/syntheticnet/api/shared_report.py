"""The forwarder's report: one question for all who wait for it."""

from __future__ import annotations

import asyncio
from typing import Any

from ..channel import ControlClient


class SharedReport:
    """Each caller gets a report that was asked for after its call, so it never misses a change made before.

    A report takes the forwarder milliseconds, and the channel carries one question at a time: without this, some
    hundred questions a second would keep changes waiting for seconds.
    """

    def __init__(self, control: ControlClient) -> None:
        self._control = control
        self._asking = asyncio.Lock()
        self._next: asyncio.Task[dict[str, Any]] | None = None

    async def ask(self) -> dict[str, Any]:
        """The report, which callers share and must not change; raises Unanswered."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._ask())
        # A caller whose connection ends must not cancel the question of the others.
        return await asyncio.shield(self._next)

    async def _ask(self) -> dict[str, Any]:
        async with self._asking:
            self._next = None  # who calls from now on needs a later report
            return await self._control.ask("report")

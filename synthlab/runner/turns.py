"""Lets what is to be done at the same time be begun in one certain order, which sleeping alone does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import count

from .run_clock import RunClock


class Turns:
    """Who waits goes on at a time of the run: the earlier ones first, at the same time in the order of the `ids`."""

    def __init__(self, time: RunClock, ids: Iterable[str]) -> None:
        self._time = time
        self._order = {id: number for number, id in enumerate(ids)}
        self._numbers = count()
        self._waiting: list[tuple[int, int, int, asyncio.Future[None]]] = []

    async def wait(self, at_ns: int, id: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (at_ns, self._order[id], next(self._numbers), turn))
        # A task of its own, for it lets others go first who wait for the same time.
        timer = asyncio.create_task(self._let_at(at_ns))
        try:
            await turn
        finally:
            timer.cancel()

    async def _let_at(self, at_ns: int) -> None:
        await self._time.until(at_ns)
        while self._waiting and self._waiting[0][0] <= at_ns:
            turn = heappop(self._waiting)[-1]
            if not turn.done():
                turn.set_result(None)

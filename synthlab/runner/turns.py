"""Starts work that is due at the same time in a fixed order, which sleeping alone does not guarantee."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import count

from .run_clock import RunClock


class Turns:
    """Releases waiters at times of the run, in order of time and, at the same time, in the order of `ids`.

    Of two changes due at one instant the later in the file must win, so clients have to receive them in that order.
    """

    def __init__(self, time: RunClock, ids: Iterable[str]) -> None:
        self._time = time
        self._order = {id: number for number, id in enumerate(ids)}
        self._numbers = count()
        self._waiting: list[tuple[int, int, int, asyncio.Future[None]]] = []

    async def wait(self, at_ns: int, id: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        # The number comes before the future, because futures cannot be compared.
        heappush(self._waiting, (at_ns, self._order[id], next(self._numbers), turn))
        # A separate task, because when it is due it may first release other waiters for the same time.
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

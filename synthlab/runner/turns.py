"""Lets what is to be done at the same time be begun in one certain order, which sleeping alone does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


class Turns:
    """Who waits goes on at a time of the clock `now_s`: the earlier ones first, at the same time the lower `order`."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._numbers = count()
        self._waiting: list[tuple[float, int, int, asyncio.Future[None]]] = []

    async def wait(self, at_s: float, order: int) -> None:
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        heappush(self._waiting, (at_s, order, next(self._numbers), turn))
        loop.call_later(max(at_s - self._now_s(), 0.0), self._let, at_s)
        await turn

    def _let(self, until_s: float) -> None:
        while self._waiting and self._waiting[0][0] <= until_s:
            turn = heappop(self._waiting)[-1]
            if not turn.done():
                turn.set_result(None)

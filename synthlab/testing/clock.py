"""A clock for tests, which skips all waiting."""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Any, TypeVar, TypeVarTuple, Unpack

from ..engine.clock import Clock
from ..text.durations import SECOND_NS, ns_of

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
LOOK_S = 0.001


@dataclass(slots=True, eq=False)
class _Wait:
    """A thread waiting on a FakeClock."""

    until_ns: int
    condition: threading.Condition
    holds: Callable[[], bool]
    over: bool = False


class FakeClock(Clock):
    """Stops while anything is running. Once all tasks and threads wait, it jumps to the earliest time they wait for.

    `run` is for code that waits in tasks and threads; `sleep`, for code in one thread, jumps immediately. The clock
    also stops while the event loop waits for programs and connections.
    """

    def __init__(self, epoch_s: float = 1_000_000.0) -> None:
        self._now_ns = SECOND_NS
        self._epoch_s = epoch_s
        self._numbers = count()
        self._pauses: list[tuple[int, int, asyncio.Future[None]]] = []
        self._waits: list[_Wait] = []
        self._threads: list[threading.Thread] = []
        self._jobs = 0

    def now_ns(self) -> int:
        return self._now_ns

    def epoch_s(self) -> float:
        return self._epoch_s + self.now_s() - 1.0

    def sleep(self, seconds: float) -> None:
        self._now_ns += ns_of(seconds)

    async def pause(self, seconds: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        # The number comes before the future, because futures cannot be compared.
        heappush(self._pauses, (self._after_ns(seconds), next(self._numbers), turn))
        await turn

    def wait_for(self, condition: threading.Condition, holds: Callable[[], bool], timeout_s: float) -> bool:
        wait = _Wait(self._after_ns(timeout_s), condition, holds)
        self._waits.append(wait)
        condition.wait_for(lambda: wait.over or holds())
        self._waits.remove(wait)
        return holds()

    def start(self, thread: threading.Thread) -> None:
        self._threads.append(thread)
        thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Like asyncio.run, on this clock."""
        with asyncio.Runner(loop_factory=lambda: _Loop(self)) as runner:
            return runner.run(work)

    def job(self, future: asyncio.Future[Any]) -> None:
        """Stop until this future is done, except while its thread waits on this clock."""
        self._jobs += 1
        future.add_done_callback(lambda _: self._job_done())

    def move(self) -> bool:
        """Jump to the earliest time waited for; False if something is still running, or nothing waits."""
        waits = list(self._waits)
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        if any(wait.over or wait.holds() for wait in waits) or len(waits) < len(self._threads) + self._jobs:
            return False
        times = [wait.until_ns for wait in waits] + [until_ns for until_ns, _, _ in self._pauses[:1]]
        if not times:
            return False
        self._now_ns = max(self._now_ns, min(times))
        self._wake(waits)
        return True

    def _wake(self, waits: list[_Wait]) -> None:
        while self._pauses and self._pauses[0][0] <= self._now_ns:
            _, _, turn = heappop(self._pauses)
            if not turn.done():
                turn.set_result(None)
        for wait in waits:
            if wait.until_ns <= self._now_ns:
                with wait.condition:
                    wait.over = True
                    wait.condition.notify_all()

    def _after_ns(self, seconds: float) -> int:
        return self._now_ns + ns_of(max(seconds, 0.0))

    def _job_done(self) -> None:
        self._jobs -= 1


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that moves a FakeClock instead of sleeping."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(_Selector(clock))
        self._clock = clock

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._clock.job(future)
        return future


class _Selector(selectors.SelectSelector):
    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            only_own = len(self.get_map()) <= 1  # the loop's own pipe
            timeout = 0.0 if only_own and self._clock.move() else min(LOOK_S, timeout or LOOK_S)
        return super().select(timeout)

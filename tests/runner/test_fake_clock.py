"""The fake clock: it only moves when everything waits."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from synthlab.testing import FakeClock

pytestmark = pytest.mark.issue(11)


def test_tasks_wait_for_nothing() -> None:
    """They go on in the order of their times, each exactly at its own, and an hour takes no time."""
    clock, seen = FakeClock(), list[tuple[str, float]]()
    begin_s = clock.now_s()

    async def task(name: str, after_s: float) -> None:
        await clock.pause(after_s)
        seen.append((name, clock.now_s() - begin_s))

    async def both() -> None:
        await asyncio.gather(task("late", 3600.0), task("soon", 0.25))

    start = time.monotonic()
    clock.run(both())
    assert time.monotonic() - start < 60
    assert seen == [("soon", 0.25), ("late", 3600.0)]


def test_it_stands_still_while_a_thread_works() -> None:
    """A job that really takes a while takes no time, however long another task waits."""
    clock = FakeClock()
    begin_s = clock.now_s()

    async def work() -> float:
        waiting = asyncio.create_task(clock.pause(1000.0))
        await asyncio.to_thread(time.sleep, 0.05)
        took_s = clock.now_s() - begin_s
        await waiting
        return took_s

    assert clock.run(work()) == 0.0
    assert clock.now_s() - begin_s == 1000.0


def test_a_thread_that_waits_is_woken_at_its_time() -> None:
    """The clock goes no further than to the time of a thread of its own, which then sees that nothing came."""
    clock, condition = FakeClock(), threading.Condition()
    begin_s, seen = clock.now_s(), list[tuple[bool, float]]()

    def wait() -> None:
        with condition:
            held = clock.wait_for(condition, lambda: False, 5.0)
        seen.append((held, clock.now_s() - begin_s))

    async def beside() -> None:
        thread = threading.Thread(target=wait)
        clock.start(thread)
        await clock.pause(60.0)
        thread.join()

    clock.run(beside())
    assert seen == [(False, 5.0)]
    assert clock.now_s() - begin_s == 60.0


def test_sleeping_moves_it() -> None:
    """Both of its times."""
    clock = FakeClock(epoch_s=1000.5)
    begin_s = clock.now_s()
    clock.sleep(10.0)
    assert (clock.now_s() - begin_s, clock.epoch_s()) == (10.0, 1010.5)

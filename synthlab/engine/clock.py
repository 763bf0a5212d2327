"""The clock for deadlines and waits, injected so that tests can advance time themselves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ..text.durations import seconds_of


class Clock:
    """The machine's clock. `synthlab.testing.FakeClock` replaces it in tests and never waits."""

    def now_ns(self) -> int:
        """Nanoseconds of the monotonic clock."""
        return time.monotonic_ns()

    def now_s(self) -> float:
        """Seconds of the monotonic clock."""
        return seconds_of(self.now_ns())

    def epoch_s(self) -> float:
        """Seconds since 1970 (UTC), for times compared across machines."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)

    async def pause(self, seconds: float) -> None:
        """Suspend this task, at least until the next iteration of the event loop."""
        import asyncio  # slow to import, and most commands do not need it

        await asyncio.sleep(seconds)

    def wait_for(self, condition: threading.Condition, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Block until `holds()` is true or the timeout is over; its last value. The caller holds `condition`."""
        return condition.wait_for(holds, timeout_s)

    def start(self, thread: threading.Thread) -> None:
        """Start a thread that waits on this clock."""
        thread.start()


MACHINE = Clock()

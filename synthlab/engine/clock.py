"""The time that deadlines and waits go by, so that tests can hand in one that they move themselves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ..text.durations import seconds_of


class Clock:
    """The machine's time. `synthlab.testing.FakeClock` is one that waits for nothing."""

    def now_ns(self) -> int:
        """Nanoseconds of a clock that is never set."""
        return time.monotonic_ns()

    def now_s(self) -> float:
        """The same in seconds."""
        return seconds_of(self.now_ns())

    def epoch_s(self) -> float:
        """Seconds since 1970, for what is compared with the time of others."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Keep this thread waiting."""
        time.sleep(seconds)

    async def pause(self, seconds: float) -> None:
        """Keep this task waiting, at least until the next turn of the event loop."""
        import asyncio  # not every command needs it, and it takes long to import

        await asyncio.sleep(seconds)

    def wait_for(self, condition: threading.Condition, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Keep this thread, which holds the condition, waiting until `holds` gives True; what it gives at the end."""
        return condition.wait_for(holds, timeout_s)

    def start(self, thread: threading.Thread) -> None:
        """Start a thread that waits by this clock."""
        thread.start()


MACHINE = Clock()

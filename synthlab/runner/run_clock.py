"""The time of a run: nanoseconds since the start of its first step."""

from __future__ import annotations

from datetime import UTC, datetime

from ..engine.clock import Clock
from ..text.durations import seconds_of


class RunClock:
    """Counts from its creation or the last `begin`, based on `clock`. `started` is that moment in UTC."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.begin(0)

    def begin(self, in_ns: int) -> None:
        """Count from `in_ns` after now."""
        self._zero_ns = self.clock.now_ns() + in_ns
        self.started = datetime.fromtimestamp(self.clock.epoch_s() + seconds_of(in_ns), UTC)

    def now_ns(self) -> int:
        return self.since_ns(self.clock.now_ns())

    def since_ns(self, clock_ns: int) -> int:
        """Convert a time of `clock` to a time of the run."""
        return clock_ns - self._zero_ns

    def clock_ns(self, run_ns: int) -> int:
        """Convert a time of the run to a time of `clock`."""
        return self._zero_ns + run_ns

    async def until(self, run_ns: int) -> None:
        await self.clock.pause(seconds_of(max(run_ns - self.now_ns(), 0)))

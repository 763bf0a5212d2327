"""The time of one run: seconds since its first step began."""

from __future__ import annotations

from datetime import UTC, datetime

from ..engine.clock import SECOND_NS, Clock


class RunClock:
    """Shows the time since it was made, or last begun, by a `clock`. `started` is that moment as a date."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.begin(0.0)

    def begin(self, in_s: float) -> None:
        """Count from so long after now."""
        self._zero_ns = self.clock.now_ns() + round(in_s * SECOND_NS)
        self.started = datetime.fromtimestamp(self.clock.epoch_s() + in_s, UTC)

    def now_s(self) -> float:
        return self.since_s(self.clock.now_ns())

    def since_s(self, at_ns: int) -> float:
        """A time of the clock below, in seconds of the run."""
        return (at_ns - self._zero_ns) / SECOND_NS

    def at_ns(self, at_s: float) -> int:
        """A time of the run, on the clock below."""
        return self._zero_ns + round(at_s * SECOND_NS)

    async def until(self, at_s: float) -> None:
        await self.clock.pause(max(at_s - self.now_s(), 0.0))

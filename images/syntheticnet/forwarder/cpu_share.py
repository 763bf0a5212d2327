"""How much of one processor this process uses: near 1, it is the limit of what it can forward."""

from __future__ import annotations


class CpuShare:
    """The share of one processor between the last two notes, which come with PID 1's heartbeats, once a second."""

    def __init__(self) -> None:
        self._last: tuple[int, int] | None = None
        self.share = 0.0

    def note(self, now: int, used: int) -> None:
        """The process has used `used` ns of processors by `now` (ns)."""
        if self._last is not None and now > self._last[0]:
            self.share = (used - self._last[1]) / (now - self._last[0])
        self._last = now, used

"""Codel: decides whether to drop each packet that is about to leave a queue (RFC 8289)."""

from __future__ import annotations

from math import sqrt

from ..conditions.depth import FULL_SIZE

TARGET_NS = 5_000_000
INTERVAL_NS = 100_000_000


class Codel:
    """The state machine of RFC 8289 section 5; call `strikes` once for each packet that reaches the head.

    A struck packet is either dropped, and the next head is checked, or ECN-marked and sent. The time of the next strike
    is set immediately, as Linux does for a mark; the RFC sets it only once dropping is known to continue.
    """

    def __init__(self, target: int, interval: int) -> None:
        self.target = target
        self.interval = interval
        self._above_until = 0  # when the wait will have been above target for an interval; 0: below target
        self._dropping = False
        self._count = 0
        self._last_count = 0
        self._next = 0

    def strikes(self, sojourn: int, behind: int, now: int) -> bool:
        """Whether to strike the packet leaving at `now` after `sojourn` ns, with `behind` bytes queued behind it."""
        if not self._too_long(sojourn, behind, now):
            self._dropping = False
            return False
        if not self._dropping:
            self._begin(now)
            return True
        if now < self._next:
            return False
        self._count += 1
        self._next += self._pace()
        return True

    def rest(self) -> None:
        """Note that the queue was empty."""
        self._above_until = 0

    def _too_long(self, sojourn: int, behind: int, now: int) -> bool:
        """Whether the wait has exceeded the target for a full interval, with more than one packet's bytes queued."""
        if sojourn < self.target or behind <= FULL_SIZE:
            self._above_until = 0
            return False
        if not self._above_until:
            self._above_until = now + self.interval
            return False
        return now >= self._above_until

    def _begin(self, now: int) -> None:
        """Start dropping; resume at the last pace if dropping ended recently."""
        self._dropping = True
        recent = self._count - self._last_count
        self._count = recent if recent > 1 and now - self._next < 16 * self.interval else 1
        self._last_count = self._count
        self._next = now + self._pace()

    def _pace(self) -> int:
        return round(self.interval / sqrt(self._count))

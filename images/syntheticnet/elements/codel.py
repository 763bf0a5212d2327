"""Codel: the decision of the CoDel queue management (RFC 8289) about each packet that is about to leave."""

from __future__ import annotations

from math import sqrt

from ..conditions.depth import FULL_SIZE

TARGET_NS = 5_000_000
INTERVAL_NS = 100_000_000


class Codel:
    """The state machine of RFC 8289 section 5; one call of `strikes` for each packet that comes to the head.

    Where it strikes, the packet is dropped and the next is asked about, or the packet is marked and leaves. The time of
    the next strike is set at once, as Linux does for a mark; the RFC sets it once it knows that dropping goes on.
    """

    def __init__(self, target: int, interval: int) -> None:
        self.target = target
        self.interval = interval
        self._above_until = 0  # when the wait will have been above the target for an interval; 0 while it is not above
        self._dropping = False
        self._count = 0
        self._last_count = 0
        self._next = 0

    def strikes(self, sojourn: int, behind: int, now: int) -> bool:
        """Whether the packet that leaves at `now` is struck: it waited for `sojourn`, with `behind` bytes behind it."""
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
        """Note that nothing waited for a while."""
        self._above_until = 0

    def _too_long(self, sojourn: int, behind: int, now: int) -> bool:
        """Whether the wait has been above the target for an interval, with more than one packet's bytes to send."""
        if sojourn < self.target or behind <= FULL_SIZE:
            self._above_until = 0
            return False
        if not self._above_until:
            self._above_until = now + self.interval
            return False
        return now >= self._above_until

    def _begin(self, now: int) -> None:
        """Drop from now on; at the pace at which it lately ended, where that is not long ago."""
        self._dropping = True
        recent = self._count - self._last_count
        self._count = recent if recent > 1 and now - self._next < 16 * self.interval else 1
        self._last_count = self._count
        self._next = now + self._pace()

    def _pace(self) -> int:
        return round(self.interval / sqrt(self._count))

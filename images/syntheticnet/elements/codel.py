"""CodelQueue: drops packets that are about to leave a queue after too long a wait (CoDel, RFC 8289)."""

from __future__ import annotations

from math import sqrt

from ..conditions import LinkConditions
from ..conditions.depth import FULL_SIZE
from ..packets.packet import Packet
from .droptail import DropTail
from .element import ElementContext

TARGET_NS = 5_000_000
INTERVAL_NS = 100_000_000


class CodelQueue(DropTail):
    """In order of arrival, with CoDel at the head and a limit at the tail."""

    def __init__(self, context: ElementContext) -> None:
        super().__init__(context)
        self._codel = Codel()

    def set(self, values: LinkConditions, rate_bps: float) -> None:
        super().set(values, rate_bps)
        self._codel.set(values)

    def admit(self, packet: Packet) -> bool:
        if not self.line:
            self._codel.rest()
        return super().admit(packet)

    def head(self, now: int) -> Packet | None:
        line, codel = self.line, self._codel
        while line:
            packet = line[0]
            # A mark signals congestion as a drop does, so CoDel's schedule stays the same.
            if not codel.strikes(now - packet.time, self._bytes - packet.size, now) or self.marks(packet):
                self.serving = packet
                return packet
            self._drop(self.leave(), "codel")
        return None


class Codel:
    """The state machine of RFC 8289 section 5; call `strikes` once for each packet that reaches the head.

    A struck packet is either dropped, and the next head is checked, or ECN-marked and sent. The time of the next strike
    is set immediately, as Linux does for a mark; the RFC sets it only once dropping is known to continue.
    """

    def __init__(self, target: int = TARGET_NS, interval: int = INTERVAL_NS) -> None:
        self.target = target
        self.interval = interval
        self._above_until = 0  # when the wait will have been above target for an interval; 0: below target
        self._dropping = False
        self._count = 0
        self._last_count = 0
        self._next = 0

    def set(self, values: LinkConditions) -> None:
        """Use the target and interval of `values` from now on."""
        self.target = values.codel_target_ns or TARGET_NS
        self.interval = values.codel_interval_ns or INTERVAL_NS

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

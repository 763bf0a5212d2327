"""The clocks of several clients, read over the network, and one moment as each of them reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClockSample:
    """What a client's clock showed at some time between two of our own clock's, in ns."""

    sent: int
    shown: int
    received: int

    @property
    def ahead(self) -> tuple[int, int]:
        """The client's clock is ahead of ours by at least, and at most, this."""
        return self.shown - self.received, self.shown - self.sent


@dataclass(frozen=True, slots=True)
class SyncPoint:
    """One moment as each client's clock shows it; exact but for `doubt_ns`, which is 0 where they share one clock."""

    at_ns: Mapping[str, int]
    doubt_ns: int


def moment(readings: Mapping[str, ClockSample], ours_ns: int) -> SyncPoint:
    """The moment `ours_ns` of our clock. Clocks that may be one and the same, as those of one machine are, are one.

    Where that one may be ours, it is.
    """
    least = max(reading.ahead[0] for reading in readings.values())
    most = min(reading.ahead[1] for reading in readings.values())
    if least <= most:
        ahead = 0 if least <= 0 <= most else most
        return SyncPoint(dict.fromkeys(readings, ours_ns + ahead), 0)
    halves = {name: sum(reading.ahead) // 2 for name, reading in readings.items()}
    doubt = max(reading.received - reading.sent for reading in readings.values())
    return SyncPoint({name: ours_ns + half for name, half in halves.items()}, doubt)

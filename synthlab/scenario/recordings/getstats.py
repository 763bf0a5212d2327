"""The getStats objects of a recorded call, as series over time: what the readers of both kinds of dumps produce.

https://www.w3.org/TR/webrtc-stats/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from .recording import MOST_S

WANTED = {
    "candidate-pair": ("availableOutgoingBitrate", "currentRoundTripTime", "bytesSent", "bytesReceived"),
    "outbound-rtp": ("packetsSent",),
    "remote-inbound-rtp": ("packetsLost", "roundTripTime"),
    "inbound-rtp": ("packetsLost", "packetsReceived"),
}
"""The kinds of objects and their values that a link's recording is made of; all others are skipped."""
MOST_OBJECTS = 20_000
MOST_MS = 1e14

Points = list[tuple[float, float]]
"""Seconds since 1970, rising, and values."""


@dataclass(slots=True)
class StatsObject:
    """One object of getStats: its kind, such as candidate-pair, and its values over time."""

    kind: str
    series: dict[str, Points] = field(default_factory=dict)

    def add(self, name: str, at_s: float, value: object) -> None:
        """A value at a time; skipped if it is no number, or is not later than the one before it."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
            return
        points = self.series.setdefault(name, [])
        if not points or at_s > points[-1][0]:
            points.append((at_s, float(value)))


@dataclass(slots=True)
class PeerConnection:
    """One connection of the page, with its objects by id."""

    name: str
    objects: dict[str, StatsObject] = field(default_factory=dict)

    def named(self, identity: str, kind: object) -> StatsObject | None:
        """The object to add values to; None if its kind is not wanted. Raises ValueError if there are too many."""
        found = self.objects.get(identity)
        if found is None and isinstance(kind, str) and kind in WANTED:
            if len(self.objects) >= MOST_OBJECTS:
                raise ValueError(f"connection {self.name[:40]}: has more than {MOST_OBJECTS} objects of statistics")
            found = self.objects[identity] = StatsObject(kind)
        return found

    def series(self, kind: str, name: str) -> list[Points]:
        """The values of this name of every object of this kind that has at least two."""
        every = (one.series.get(name, []) for one in self.objects.values() if one.kind == kind)
        return [points for points in every if len(points) > 1]

    def total(self, kind: str, name: str) -> float:
        """How much a counter grew, over all objects of this kind."""
        return sum(growth for points in self.series(kind, name) for _, growth in growths(points))


Connections = Mapping[str, PeerConnection]


def growths(points: Points) -> Iterator[tuple[float, float]]:
    """How much a counter grew until each time after the first; one that was reset did not grow."""
    for (_, before), (at_s, value) in pairwise(points):
        yield at_s, max(0.0, value - before)


def checked_time(value: object, where: str) -> float:
    """A time of a dump (ms since 1970) in seconds; raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < MOST_MS:
        raise ValueError(f"{where}: {str(value)[:40]!r} is not a time in milliseconds since 1970")
    return float(value) / 1000


def refuse_length(start_s: float, end_s: float) -> None:
    """Raises ValueError if this is longer than a recording may be."""
    if end_s - start_s > MOST_S:
        raise ValueError(f"lasts {end_s - start_s:.0f} s; at most {MOST_S:.0f} s are allowed")

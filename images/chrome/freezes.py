"""Counts ongoing freezes: Chromium counts a freeze and its duration only when the next frame arrives.

The rule is Chromium's: video is frozen once the gap between frames exceeds max(3 x the mean interval, mean + 150 ms)
(https://www.w3.org/TR/webrtc-stats/#dom-rtcinboundrtpstreamstats-freezecount).
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

StatsEntry = Mapping[str, Any]

_REMEMBERED = 8
"""Number of samples with new frames over which the mean frame interval is taken."""
_LATE_TIMES, _LATE_MS = 3, 150


class Freezes:
    """Adds ongoing freezes to successive samples of the browser's streams."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, str], StreamFreezes] = {}

    def counted(self, sample: Mapping[str, StatsEntry]) -> dict[str, StatsEntry]:
        """The sample with ongoing freezes counted."""
        known, self._streams = self._streams, {}
        return {key: {**one, "stats": self._entries(key, one["stats"], known)} for key, one in sample.items()}

    def _entries(
        self, key: str, entries: list[StatsEntry], known: Mapping[tuple[str, str], "StreamFreezes"]
    ) -> list[StatsEntry]:
        corrected = []
        for entry in entries:
            if entry["type"] == "inbound-rtp" and "freezeCount" in entry and "framesDecoded" in entry:
                stream = self._streams[key, entry["id"]] = known.get((key, entry["id"])) or StreamFreezes()
                count, seconds = stream.look(entry)
                entry = {**entry, "freezeCount": count, "totalFreezesDuration": seconds}
            corrected.append(entry)
        return corrected


class StreamFreezes:
    """One stream: its recent frame times, and the freezes missing from Chromium's counters."""

    def __init__(self) -> None:
        self._grown: deque[tuple[float, int]] = deque(maxlen=_REMEMBERED)
        self._ended = False
        self._counted = 0
        """Chromium's count when the current or just ended freeze began."""
        self._left_out = 0
        self._left_out_s = self._lasting_s = self._most_s = 0.0

    def look(self, entry: StatsEntry) -> tuple[int, float]:
        """Number of freezes and their total duration in seconds, ongoing one included; neither ever decreases."""
        count, seconds = entry["freezeCount"], entry.get("totalFreezesDuration", 0.0)
        if self._ended:
            self._settle(count)
        if not self._grown or entry["framesDecoded"] > self._grown[-1][1]:
            self._grown.append((entry["timestamp"], entry["framesDecoded"]))
            self._ended = self._lasting_s > 0
        else:
            self._lasting_s = self._still_s(entry["timestamp"])
        if not self._lasting_s:
            self._counted = count
        if self._lasting_s and count == self._counted:
            count, seconds = count + 1, seconds + self._lasting_s
        self._most_s = max(self._most_s, seconds + self._left_out_s)
        return count + self._left_out, self._most_s

    def _settle(self, count: int) -> None:
        """Add the freeze that ended one sample ago if Chromium did not: it calls a gap of several seconds a pause."""
        if count == self._counted:
            self._left_out += 1
            self._left_out_s += self._lasting_s
        self._ended, self._lasting_s = False, 0.0

    def _still_s(self, at_ms: float) -> float:
        """Seconds since the last frame; 0 if the next is not late yet or no interval is known."""
        (first_ms, first), (last_ms, last) = self._grown[0], self._grown[-1]
        if last == first:
            return 0.0
        interval_ms = (last_ms - first_ms) / (last - first)
        late_ms = max(_LATE_TIMES * interval_ms, interval_ms + _LATE_MS)
        return (at_ms - last_ms) / 1000 if at_ms - last_ms > late_ms else 0.0

"""Freezes that last: Chromium counts a freeze, and its time, only when the next frame comes.

The rule is Chromium's own: a picture freezes when the next frame is late by three times the usual interval, or by
150 ms more than that (https://www.w3.org/TR/webrtc-stats/#dom-rtcinboundrtpstreamstats-freezecount).
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

Entry = Mapping[str, Any]

_REMEMBERED = 8
"""Samples with new frames from which the usual interval is reckoned."""
_LATE_TIMES, _LATE_MS = 3, 150


class Freezes:
    """Of all streams in the browser's samples, one after the other."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, str], Stream] = {}

    def counted(self, sample: Mapping[str, Entry]) -> dict[str, Entry]:
        """The sample, with the freezes that last counted in it."""
        known, self._streams = self._streams, {}
        return {key: {**one, "stats": self._entries(key, one["stats"], known)} for key, one in sample.items()}

    def _entries(self, key: str, entries: list[Entry], known: Mapping[tuple[str, str], "Stream"]) -> list[Entry]:
        found = []
        for entry in entries:
            if entry["type"] == "inbound-rtp" and "freezeCount" in entry and "framesDecoded" in entry:
                stream = self._streams[key, entry["id"]] = known.get((key, entry["id"])) or Stream()
                count, seconds = stream.look(entry)
                entry = {**entry, "freezeCount": count, "totalFreezesDuration": seconds}
            found.append(entry)
        return found


class Stream:
    """One stream: when its last frame came, and which freezes Chromium has left out of its own counts."""

    def __init__(self) -> None:
        self._grown: deque[tuple[float, int]] = deque(maxlen=_REMEMBERED)
        self._ended = False
        self._counted = 0
        """Chromium's own count when the freeze that lasts, or has just ended, began."""
        self._left_out = 0
        self._left_out_s = self._lasting_s = self._most_s = 0.0

    def look(self, entry: Entry) -> tuple[int, float]:
        """How often it has frozen, and for how long in all, with what lasts; neither ever falls."""
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
        """A freeze ended a sample ago. After a silence of seconds Chromium calls it a pause, and counts no freeze."""
        if count == self._counted:
            self._left_out += 1
            self._left_out_s += self._lasting_s
        self._ended, self._lasting_s = False, 0.0

    def _still_s(self, at_ms: float) -> float:
        """How long the picture has stood still by now; 0 where it is not late yet, or has hardly begun."""
        (first_ms, first), (last_ms, last) = self._grown[0], self._grown[-1]
        if last == first:
            return 0.0
        interval_ms = (last_ms - first_ms) / (last - first)
        late_ms = max(_LATE_TIMES * interval_ms, interval_ms + _LATE_MS)
        return (at_ms - last_ms) / 1000 if at_ms - last_ms > late_ms else 0.0

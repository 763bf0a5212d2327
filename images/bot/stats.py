"""Computes the reported stats from two samples of the bot's counters, a second apart.

Same keys and meaning as those of the image `chrome`: an unknown value is left out.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

StatsReport = dict[str, Any]

_LEAST_S = 0.95
"""Minimum age of the sample the newest is compared with."""


@dataclass(frozen=True)
class StreamCounters:
    """One stream's counters since its start; None: not counted."""

    bytes: int | None = None
    frames: int | None = None
    width: int | None = None
    height: int | None = None
    lost: int | None = None


@dataclass(frozen=True)
class CallSample:
    at: float = 0.0
    """Seconds of the monotonic clock."""
    received: Mapping[str, Mapping[str, StreamCounters]] = field(default_factory=dict)
    """By participant, then by kind: video or audio."""
    sent: Mapping[str, StreamCounters] = field(default_factory=dict)
    """By kind."""
    rtt_s: float | None = None
    packets: int = 0
    """Received on all connections, RTP and RTCP."""
    codecs: Mapping[str, str] = field(default_factory=dict)
    """MIME type by RTP payload type."""


class RecentSamples:
    """The samples of the last second, starting at the newest one that is old enough."""

    def __init__(self) -> None:
        self._samples: deque[CallSample] = deque()

    def before(self, newest: CallSample) -> CallSample:
        """Add a sample; return the one to compare it with, or an empty one if none is old enough."""
        self._samples.append(newest)
        while len(self._samples) > 1 and newest.at - self._samples[1].at >= _LEAST_S:
            self._samples.popleft()
        oldest = self._samples[0]
        return oldest if newest.at - oldest.at >= _LEAST_S else CallSample(newest.at)


def stats(before: CallSample, after: CallSample) -> StatsReport:
    seconds = after.at - before.at
    result: StatsReport = {"video": {}, "audio": {}, "sent": {}, "codecs": dict(after.codecs)}
    for participant, streams in after.received.items():
        for kind, counters in streams.items():
            earlier = before.received.get(participant, {}).get(kind)
            result[kind][participant] = _stream(earlier, counters, seconds)
    for kind, counters in after.sent.items():
        result["sent"][kind] = _stream(before.sent.get(kind), counters, seconds)
    if after.rtt_s is not None:
        result["sent"]["rtt_ms"] = round(after.rtt_s * 1000, 1)
    return result


def blind(before: CallSample, after: CallSample) -> set[str]:
    """The participants whose video bytes grew between the samples while their frames did not."""
    earlier = before.received
    return {name for name, streams in after.received.items() if _is_blind(earlier.get(name, {}), streams)}


def _is_blind(before: Mapping[str, StreamCounters], after: Mapping[str, StreamCounters]) -> bool:
    if "video" not in before or "video" not in after:
        return False
    return before["video"].bytes != after["video"].bytes and before["video"].frames == after["video"].frames


def _stream(before: StreamCounters | None, after: StreamCounters, seconds: float) -> StatsReport:
    before = before or StreamCounters()
    values = {
        "kbps": _rate(before.bytes, after.bytes, seconds, 8 / 1000),
        "fps": _rate(before.frames, after.frames, seconds),
        "frames": after.frames,
        "width": after.width,
        "height": after.height,
        "lost": after.lost,
    }
    return {key: value for key, value in values.items() if value is not None}


def _rate(before: int | None, after: int | None, seconds: float, scale: float = 1) -> float | None:
    """Growth per second; None if a counter is missing or was reset."""
    if before is None or after is None or after < before or seconds <= 0:
        return None
    return round((after - before) * scale / seconds, 1)

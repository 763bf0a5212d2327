"""From two successive samples of a browser's connections to the numbers that a lab asserts on.

A sample holds what `samples.js` returns: for each connection its name, its tracks, the entries of getStats
(https://www.w3.org/TR/webrtc-stats/). A number that cannot be known is absent, never 0.
"""

import itertools
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Numbers = dict[str, Any]
Sample = Mapping[str, Mapping[str, Any]]
"""Connections, as `samples.js` describes them, by an id that is unique in the browser."""

_STALE_MS = 5000
"""The age from which a round-trip time says nothing about now: its reports come every second or so."""


@dataclass(frozen=True)
class Counters:
    """One entry of getStats, and the same entry a sample earlier."""

    now: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)

    def total(self, key: str, scale: float = 1, digits: int = 0) -> float | None:
        value = self.now.get(key)
        if value is None:
            return None
        return round(float(value * scale), digits) if digits else int(value * scale)

    def growth(self, key: str) -> float | None:
        """None where a counter is missing, or began anew."""
        if key not in self.now or key not in self.before or self.now[key] < self.before[key]:
            return None
        return float(self.now[key] - self.before[key])

    def rate(self, key: str, scale: float = 1) -> float | None:
        """Growth per second."""
        growth, elapsed_ms = self.growth(key), self.growth("timestamp")
        return round(growth * scale * 1000 / elapsed_ms, 1) if growth is not None and elapsed_ms else None

    def mean_ms(self, total_s: str, count: str) -> float | None:
        """Of what was counted since the sample before; `total_s` sums up seconds."""
        seconds, counted = self.growth(total_s), self.growth(count)
        return round(seconds * 1000 / counted, 1) if seconds is not None and counted else None


def numbers(before: Sample, after: Sample) -> Numbers:
    """`{"video": {participant: {...}}, "audio": {participant: {...}}, "sent": {...}}`.

    Of two streams with one participant's name the younger counts: the older is a reconnection's ghost.
    """
    received: dict[str, Numbers] = {"video": {}, "audio": {}}
    sent: list[Counters] = []
    rtts: list[float] = []
    for key, connection in after.items():
        entries = list(_counters(before.get(key, {}), connection))
        for counters in _of_type(entries, "inbound-rtp"):
            kind = counters.now["kind"]
            name = _participant(connection, counters.now, received[kind])
            received[kind][name] = _RECEIVED[kind](counters, _rtt_ms(entries))
        if outbound := list(_of_type(entries, "outbound-rtp")):
            sent += outbound
            rtts += _present(_reported_rtt_ms(entries) or _rtt_ms(entries))
    return {**received, "sent": _sent(sent, max(rtts, default=None))}


def _counters(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Counters]:
    known = {entry["id"]: entry for entry in before.get("stats", ())}
    for entry in after["stats"]:
        yield Counters(entry, known.get(entry["id"], {}))


def _of_type(entries: Iterable[Counters], kind: str) -> Iterator[Counters]:
    return (counters for counters in entries if counters.now["type"] == kind)


def _participant(connection: Mapping[str, Any], entry: Mapping[str, Any], taken: Container[str]) -> str:
    """The name that the page gave; else the application's or the browser's own, made unique."""
    track_id = entry.get("trackIdentifier")
    track = connection["tracks"].get(track_id, {})
    if given := track.get("name") or connection.get("name"):
        return str(given)
    plain = str(track.get("stream") or track_id or f"mid-{entry.get('mid')}")
    names = itertools.chain([plain], (f"{plain}-{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def _video(counters: Counters, rtt_ms: float | None) -> Numbers:
    return _known(
        kbps=counters.rate("bytesReceived", 8 / 1000),
        fps=counters.rate("framesDecoded"),
        frames=counters.total("framesDecoded"),
        width=counters.total("frameWidth"),
        height=counters.total("frameHeight"),
        lost=counters.total("packetsLost"),
        nack=counters.total("nackCount"),
        pli=counters.total("pliCount"),
        freezes=counters.total("freezeCount"),
        freeze_s=counters.total("totalFreezesDuration", digits=3),
        jitter_buffer_ms=counters.mean_ms("jitterBufferDelay", "jitterBufferEmittedCount"),
        rtt_ms=rtt_ms,
    )


def _audio(counters: Counters, rtt_ms: float | None) -> Numbers:
    return _known(
        kbps=counters.rate("bytesReceived", 8 / 1000),
        lost=counters.total("packetsLost"),
        concealed=counters.total("concealedSamples"),
        jitter_buffer_ms=counters.mean_ms("jitterBufferDelay", "jitterBufferEmittedCount"),
        rtt_ms=rtt_ms,
    )


_RECEIVED = {"video": _video, "audio": _audio}


def _sent(outbound: list[Counters], rtt_ms: float | None) -> Numbers:
    """The layers of a simulcast sender are one sender: bits add up, the best layer's frames count."""
    video = [counters for counters in outbound if counters.now["kind"] == "video"]
    audio = [counters for counters in outbound if counters.now["kind"] == "audio"]
    return _known(
        video=_known(
            kbps=_sum(counters.rate("bytesSent", 8 / 1000) for counters in video),
            fps=_max(counters.rate("framesEncoded") for counters in video),
            frames=_max(counters.total("framesEncoded") for counters in video),
            nack=_sum(counters.total("nackCount") for counters in video),
            limited=_limited(video),
        ),
        audio=_known(kbps=_sum(counters.rate("bytesSent", 8 / 1000) for counters in audio)),
        rtt_ms=rtt_ms,
    )


def _limited(video: list[Counters]) -> str | None:
    """What keeps the picture below its best: none, cpu, bandwidth or other; None if no sender says."""
    reasons = [c.now["qualityLimitationReason"] for c in video if "qualityLimitationReason" in c.now]
    return next((reason for reason in reasons if reason != "none"), reasons[0] if reasons else None)


def _reported_rtt_ms(entries: list[Counters]) -> float | None:
    """As the other side's RTCP reports tell; None when they stopped coming."""
    newest = max(counters.now["timestamp"] for counters in entries)
    fresh = [c for c in _of_type(entries, "remote-inbound-rtp") if newest - c.now["timestamp"] < _STALE_MS]
    return _max(counters.total("roundTripTime", 1000, 1) for counters in fresh)


def _rtt_ms(entries: list[Counters]) -> float | None:
    """As the path's own connectivity checks tell; None when nothing arrives on it any more."""
    selected = {counters.now.get("selectedCandidatePairId") for counters in _of_type(entries, "transport")}
    for pair in _of_type(entries, "candidate-pair"):
        silent_ms = pair.now["timestamp"] - pair.now.get("lastPacketReceivedTimestamp", 0)
        if pair.now["id"] in selected and silent_ms < _STALE_MS:
            return pair.total("currentRoundTripTime", 1000, 1)
    return None


def _known(**values: Any) -> Numbers:
    return {key: value for key, value in values.items() if value is not None and value != {}}


def _present(value: float | None) -> list[float]:
    return [] if value is None else [value]


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known), 1) if known else None


def _max(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)

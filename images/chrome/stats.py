"""Computes the reported stats from two samples of the browser's connections, a second apart.

A sample is what `samples.js` returns: for each connection its name, tracks and getStats entries
(https://www.w3.org/TR/webrtc-stats/). An unknown value is left out, never 0.
"""

from collections.abc import Mapping
from typing import Any

from . import participant_names
from .counters import StatsDelta, known, of_type, paired
from .outbound_stats import Connections, outbound_stats
from .paths import path, rtt_ms

StatsReport = dict[str, Any]
StatsSample = Mapping[str, Mapping[str, Any]]
"""Connections as `samples.js` returns them, by an id unique in the browser."""


def stats(before: StatsSample, after: StatsSample) -> StatsReport:
    """`video`, `audio` by participant, `sent` totals, `sent_video`, `sent_audio` by track, `connections` and `codecs`.

    If two streams have the same participant name, the newer wins: the older is left over from a reconnection.
    """
    connections = [(one, list(paired(before.get(key, {}), one))) for key, one in after.items()]
    return {
        **_received(connections),
        **outbound_stats(connections),
        "connections": _paths(connections),
        "codecs": _codecs(connections),
    }


def _received(connections: Connections) -> StatsReport:
    received: dict[str, StatsReport] = {kind: {} for kind in _RECEIVED}
    for connection, entries in connections:
        for counters in of_type(entries, "inbound-rtp"):
            kind = counters.now["kind"]
            name = participant_names.participant(connection, counters.now, received[kind])
            track = connection["tracks"].get(counters.now.get("trackIdentifier"), {})
            received[kind][name] = known(
                **_RECEIVED[kind](counters),
                rtt_ms=rtt_ms(entries),
                first_frame_ms=StatsDelta(track).total("firstFrameMs", digits=1),
            )
    return received


def _paths(connections: Connections) -> StatsReport:
    paths: StatsReport = {}
    for connection, entries in connections:
        paths[participant_names.connection(connection, paths)] = path(connection, entries)
    return paths


def _codecs(connections: Connections) -> StatsReport:
    """The codec in use of each RTP payload type, as MIME type; none if connections use it for different ones."""
    found: dict[str, set[str]] = {}
    for _, entries in connections:
        used = {
            entry.now.get("codecId") for kind in ("inbound-rtp", "outbound-rtp") for entry in of_type(entries, kind)
        }
        for codec in of_type(entries, "codec"):
            if codec.now["id"] in used:
                found.setdefault(str(codec.now["payloadType"]), set()).add(codec.now["mimeType"])
    return {payload_type: types.pop() for payload_type, types in found.items() if len(types) == 1}


def _video(counters: StatsDelta) -> StatsReport:
    return known(
        kbps=counters.rate("bytesReceived", 8 / 1000),
        fps=counters.rate("framesDecoded"),
        frames=counters.total("framesDecoded"),
        dropped=counters.total("framesDropped"),
        width=counters.total("frameWidth"),
        height=counters.total("frameHeight"),
        lost=counters.total("packetsLost"),
        nack=counters.total("nackCount"),
        pli=counters.total("pliCount"),
        fir=counters.total("firCount"),
        freezes=counters.total("freezeCount"),
        freeze_s=counters.total("totalFreezesDuration", digits=3),
        jitter_buffer_ms=counters.mean_ms("jitterBufferDelay", "jitterBufferEmittedCount"),
    )


def _audio(counters: StatsDelta) -> StatsReport:
    return known(
        kbps=counters.rate("bytesReceived", 8 / 1000),
        lost=counters.total("packetsLost"),
        concealed=counters.total("concealedSamples"),
        jitter_buffer_ms=counters.mean_ms("jitterBufferDelay", "jitterBufferEmittedCount"),
    )


_RECEIVED = {"video": _video, "audio": _audio}

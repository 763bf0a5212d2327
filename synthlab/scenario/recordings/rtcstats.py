"""Reads rtcstats dumps: lines of JSON lists, one of them for each getStats, with what changed since the one before.

Three dialects: that of rtcstats-server before it had a header (times are absolute), version 3 of the format (the header
`RTCStatsDump`, times since the line before, names as numbers: https://github.com/rtcstats/rtcstats), and what Chromium
writes in chrome://webrtc-internals (that header, but names as text).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .getstats import MOST_MS, WANTED, Connections, PeerConnection, checked_time

HEADER = "RTCStatsDump"
_GET_STATS = ("getStats", "getstats", "g", 1)
_KINDS = {1: "inbound-rtp", 2: "outbound-rtp", 3: "remote-inbound-rtp", 6: "candidate-pair"}
_NAMES = {
    "14": "packetsReceived",
    "15": "packetsLost",
    "41": "bytesReceived",
    "75": "roundTripTime",
    "79": "packetsSent",
    "80": "bytesSent",
    "152": "currentRoundTripTime",
    "153": "availableOutgoingBitrate",
    "t": "timestamp",
}
_FIRST_LINES = re.compile(r'(?:\{.*\}\s*\n)?\s*\["[A-Za-z.]+",')


def is_rtcstats(text: str) -> bool:
    """Whether these are lines of events, with or without a header or a first line about the client."""
    return text.startswith(HEADER) or bool(_FIRST_LINES.match(text))


def read_rtcstats(text: str) -> Connections:
    """The connections of a dump by their names; raises ValueError with the line."""
    dump = _Dump(is_relative=text.startswith(HEADER))
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("["):
            try:
                dump.add(_event(line))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from None
    return dump.connections


def _event(line: str) -> list[Any]:
    try:
        event = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg}; is the file cut off?") from None
    except RecursionError:
        raise ValueError("is nested too deeply; allowed: an event of rtcstats") from None
    if not isinstance(event, list) or len(event) < 4:
        raise ValueError(f"{line[:40]} is not an event of rtcstats, [what, connection, arguments, ..., time]")
    return event


class _Dump:
    """What has been read; each getStats line changes what the one before it said."""

    def __init__(self, *, is_relative: bool) -> None:
        self._is_relative = is_relative
        self._now_ms = 0.0
        self.connections: dict[str, PeerConnection] = {}

    def add(self, event: list[Any]) -> None:
        what, name, report, time_ms = event[0], event[1], event[2], event[-1]
        if isinstance(time_ms, bool) or not isinstance(time_ms, int | float) or not -MOST_MS < time_ms < MOST_MS:
            raise ValueError(f"{str(time_ms)[:40]!r} is not a time in milliseconds")
        self._now_ms = self._now_ms + time_ms if self._is_relative else time_ms
        if what not in _GET_STATS:
            return
        if not isinstance(name, str) or not isinstance(report, dict):
            raise ValueError("a getStats event without a connection, or without an object of statistics")
        connection = self.connections.setdefault(name, PeerConnection(name))
        common = report.get("t", report.get("timestamp"))
        common_ms = common if isinstance(common, int | float) else self._now_ms
        for identity in {**dict.fromkeys(connection.objects, None), **report}:
            values = report.get(identity, {})
            if isinstance(values, dict):  # null: the object is gone
                _add(connection, identity, values, common_ms)


def _add(connection: PeerConnection, identity: str, values: Mapping[str, Any], common_ms: float) -> None:
    """A value that is left out is as before: a counter that is left out did not grow."""
    named = {_NAMES.get(name, name): value for name, value in values.items()}
    kind = named.get("type")
    found = connection.named(identity, _KINDS.get(kind) if isinstance(kind, int) else kind)
    if found is None:
        return
    at_s = checked_time(named.get("timestamp") or common_ms, f"{identity[:40]}: its timestamp")
    for name in WANTED[found.kind]:
        points = found.series.get(name)
        found.add(name, at_s, named[name] if name in named else points[-1][1] if points else None)

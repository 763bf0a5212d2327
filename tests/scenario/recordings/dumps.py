"""Small dumps of a call: the same statistics as webrtc-internals and each dialect of rtcstats write them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

START_MS = 1_796_031_283_284.5
KINDS = {"inbound-rtp": 1, "outbound-rtp": 2, "remote-inbound-rtp": 3, "candidate-pair": 6}
NUMBERS = {
    "packetsReceived": "14",
    "packetsLost": "15",
    "bytesReceived": "41",
    "roundTripTime": "75",
    "packetsSent": "79",
    "bytesSent": "80",
    "currentRoundTripTime": "152",
    "availableOutgoingBitrate": "153",
}

Reports = dict[str, dict[str, Any]]
"""What one getStats answers: objects by id."""


def call(
    rates: Sequence[int],
    trips: Sequence[float] = (),
    lost: Sequence[int] = (),
    arrived: Sequence[int] = (),
) -> list[Reports]:
    """A getStats each second: estimates (bit/s), round trips (s); so far, packets lost of 50 sent each second, and
    bytes received.
    """
    seconds = len(rates)
    trips, lost = trips or [0.04] * seconds, lost or [0] * seconds
    arrived = arrived or [50_000 * second for second in range(seconds)]
    return [
        {
            "CPa-b_c": {
                "type": "candidate-pair",
                "availableOutgoingBitrate": rates[second],
                "currentRoundTripTime": trips[second],
                "bytesSent": 60_000 * second,
                "bytesReceived": arrived[second],
            },
            "OT1": {"type": "outbound-rtp", "packetsSent": 50 * second, "kind": "video"},
            "RI1": {"type": "remote-inbound-rtp", "packetsLost": lost[second], "kind": "video"},
            "IT1": {"type": "inbound-rtp", "packetsLost": 2 * lost[second], "packetsReceived": 50 * second},
            "T1": {"type": "transport", "bytesSent": 1},
        }
        for second in range(seconds)
    ]


def internals(connections: dict[str, list[Reports]], timed: bool = True) -> str:
    """A dump of webrtc-internals; before version 117 of Chromium the series had no timestamps of their own."""
    dumped = {
        name: {"url": "https://a.example/", "stats": _series(calls, timed)} for name, calls in connections.items()
    }
    return json.dumps({"getUserMedia": [], "PeerConnections": dumped, "UserAgent": "Chrome"})


def _series(calls: list[Reports], timed: bool) -> dict[str, Any]:
    times = [START_MS + 1000 * number for number in range(len(calls))]
    start, end = (
        datetime.fromtimestamp(at / 1000, UTC).isoformat().replace("+00:00", "Z") for at in (times[0], times[-1])
    )
    found = {}
    for identity, report in calls[0].items():
        for name in (*report, *(("timestamp",) if timed else ())):
            values = times if name == "timestamp" else [one[identity][name] for one in calls]
            series = {"startTime": start, "endTime": end, "statsType": report["type"], "values": json.dumps(values)}
            found[f"{identity}-{name}"] = series
    return found


def chromium(calls: list[Reports]) -> str:
    """The rtcstats dump of chrome://webrtc-internals: whole reports with times of their own."""
    lines = ["RTCStatsDump", '{"fileFormat":3}', '["create",null,{"deviceMemory":16},1796031282278]']
    for number, reports in enumerate(calls):
        at_ms = START_MS + 1000 * number
        timed = {identity: {**report, "timestamp": at_ms} for identity, report in reports.items()}
        lines.append(json.dumps(["getStats", "6-1", timed, 1012.5 if number == 0 else 1000]))
    return "\n".join(lines) + "\n"


def compressed(calls: list[Reports]) -> str:
    """Version 3 of rtcstats: numbers for names, and only what changed."""
    lines = ["RTCStatsDump", '{"fileFormat":3,"clientProtocol":"rtcstats#4.0"}', "[39,null,{},1796031282278]"]
    for number, changed in enumerate(_changes(calls)):
        report: dict[str, Any] = {"t": START_MS + 1000 * number}
        for identity, values in changed.items():
            named = {NUMBERS.get(name, name): value for name, value in values.items()}
            report[str(sorted(calls[0]).index(identity))] = {
                name: KINDS.get(value, 5) if name == "type" else value for name, value in named.items()
            }
        lines.append(json.dumps(["g", "PC_0", report, 1000]))
    return "\n".join([*lines, '["close",null,1001,5]', ""])


def legacy(calls: list[Reports]) -> str:
    """What rtcstats-server wrote before the format had a header: absolute times, only what changed."""
    lines = ['["create","PC_0",{"iceServers":[]},1796031282278]']
    for number, changed in enumerate(_changes(calls)):
        at_ms = START_MS + 1000 * number
        report = {identity: {**values, "timestamp": 0} for identity, values in changed.items()}
        lines.append(json.dumps(["getstats", "PC_0", {**report, "timestamp": at_ms}, at_ms]))
    return "\n".join(lines) + "\n"


def _changes(calls: list[Reports]) -> list[Reports]:
    found, before = list[Reports](), dict[str, dict[str, Any]]()
    for reports in calls:
        changed = {
            identity: {name: value for name, value in report.items() if before.get(identity, {}).get(name) != value}
            for identity, report in reports.items()
        }
        found.append({identity: values for identity, values in changed.items() if values})
        before = reports
    return found

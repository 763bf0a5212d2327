"""Reads dumps of chrome://webrtc-internals: each value of getStats is a series of its own.

The names of series are those that Chromium 156 writes, and their times as it has written them since version 117.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .getstats import WANTED, Connections, PeerConnection, checked_time

KEY = "PeerConnections"
_ALLOWED = "what `Create a WebRTC-Internals dump` of chrome://webrtc-internals writes"


def read_internals(dump: Mapping[str, Any]) -> Connections:
    """The connections of a dump by their names; raises ValueError."""
    return {name: _connection(name, one) for name, one in dump[KEY].items()}


def _connection(name: str, dump: object) -> PeerConnection:
    where = f"{KEY}.{name[:40]}"
    stats = dump.get("stats") if isinstance(dump, dict) else None
    if not isinstance(stats, dict):
        raise ValueError(f"{where}: has no object `stats`; allowed: {_ALLOWED}")
    connection = PeerConnection(name)
    for key, series in stats.items():
        identity, _, value = key.rpartition("-")
        kind = series.get("statsType") if isinstance(series, dict) else None
        if isinstance(kind, str) and value in WANTED.get(kind, ()) and (found := connection.named(identity, kind)):
            at = f"{where}.stats.{key[:60]}"
            values = _values(series, at)
            times = _times(stats.get(f"{identity}-timestamp"), series, len(values), at)
            for at_s, one in zip(times, values, strict=False):
                found.add(value, at_s, one)
    return connection


def _values(series: Mapping[str, Any], where: str) -> list[Any]:
    try:
        values = json.loads(series["values"])
    except (KeyError, TypeError, ValueError, RecursionError):
        values = None
    if not isinstance(values, list):
        raise ValueError(f'{where}: has no `values` such as "[1, 2]", a list as text; allowed: {_ALLOWED}')
    return values


def _times(timestamps: object, series: Mapping[str, Any], count: int, where: str) -> list[float]:
    """In seconds. Older dumps have only the times of the first and the last value."""
    if isinstance(timestamps, dict):
        times = [checked_time(time, f"{where}: its timestamp") for time in _values(timestamps, where)]
        # A value that an object got later than its first statistics has fewer entries.
        return times[max(0, len(times) - count) :]
    try:
        start, end = (datetime.fromisoformat(series[key]).timestamp() for key in ("startTime", "endTime"))
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{where}: has neither timestamps nor startTime and endTime; allowed: {_ALLOWED}") from None
    return [start + (end - start) * number / max(1, count - 1) for number in range(count)]

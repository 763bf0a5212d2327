"""The rows of live traffic as the API gets them, made from the windows of both directions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import nlargest
from ipaddress import ip_address
from typing import Any

from ..conditions.flow import PROTOCOLS
from .traffic import WINDOW_NS, TrafficCounters, TrafficKey, Window

MOST_ROWS = 200
WINDOW_S = WINDOW_NS / 1e9

_NAMES = {number: name for name, number in PROTOCOLS.items()}


def traffic_rows(windows: Mapping[str, Window | None]) -> dict[str, Any]:
    """The busiest rows of each direction, and the sum of the rest; no rows where nobody watched (None)."""
    answer: dict[str, Any] = {"window_s": WINDOW_S, "watching": None not in windows.values()}
    rest = {}
    for direction, window in windows.items():
        keys = window or {}
        known = [(key, counters) for key, counters in keys.items() if key is not None]
        shown = dict(nlargest(MOST_ROWS, known, key=_load))
        answer[direction] = [_row(key, counters) for key, counters in shown.items()]
        rest[direction] = _sum(counters for key, counters in keys.items() if key not in shown)
    return answer | {"rest": rest}


def _load(row: tuple[TrafficKey, TrafficCounters]) -> int:
    return row[1].bytes + row[1].bytes_dropped


def _row(key: TrafficKey, counters: TrafficCounters) -> dict[str, Any]:
    remote, flow, media, payload_type = key
    return {
        "remote": str(ip_address(remote.address)),
        "protocol": _NAMES.get(remote.protocol, str(remote.protocol)),
        "port": remote.port,
        "media": media,
        "payload_type": payload_type,
        "packets_s": counters.packets / WINDOW_S,
        "bits_s": counters.bytes * 8 / WINDOW_S,
        "dropped_s": {cause: count / WINDOW_S for cause, count in (counters.dropped or {}).items()},
        "delay_ms": round(counters.delay / counters.packets / 1e6, 3) if counters.packets else None,
        "flow": flow,
    }


def _sum(rest: Iterable[TrafficCounters]) -> dict[str, Any]:
    rows = packets = size = 0
    for counters in rest:
        rows += 1
        packets += counters.packets
        size += counters.bytes
    return {"rows": rows, "packets_s": packets / WINDOW_S, "bits_s": size * 8 / WINDOW_S}

"""The values of a bottleneck: when bytes may leave, how much may wait, and what the queue drops."""

from __future__ import annotations

from dataclasses import dataclass

from .condition import condition
from .traces import read_rate_trace
from .units import (
    BYTES,
    POSITIVE_TIME,
    QUEUE,
    RATE,
    SHARE,
    SWITCH,
    TIME,
    QueueLimit,
    byte_count,
    choice,
    count,
    file,
    time_between,
)

_BOTTLENECK = ("rate", "rate_trace")
_AQM = ("aqm",)
_CODEL = ("codel", "fq_codel")
_UPDATE = time_between(1_000_000, 1_000_000_000)
_QUANTUM = byte_count(64, 65535, "1514b")
_FLOWS = count(1, 65536, "1024")


@dataclass(frozen=True, slots=True, kw_only=True)
class BottleneckConditions:
    """Part of LinkConditions; None means "not set"."""

    rate_bps: float | None = condition(
        "rate", RATE, "bit rate of the bottleneck, counting Ethernet header and IP packet as tc does", "1mbit"
    )
    burst_bytes: int | None = condition(
        "burst",
        byte_count(1, 1 << 30, "64kb"),
        "bytes of frames that may leave at once after a pause, as from the token bucket of tc-tbf (default none)",
        "64kb",
        ("rate",),
    )
    rate_trace: str | None = condition(
        "rate_trace",
        file("rate trace", read_rate_trace),
        "uploaded mahimahi trace: each line is a time in ms at which 1500 bytes may leave; instead of a rate",
        "lte.up",
        excludes="rate",
    )
    queue: QueueLimit | None = condition(
        "queue",
        QUEUE,
        "how much may wait at the bottleneck (default 200ms, but at least 10 full-size packets; with fq_codel 10240p, "
        "with pie 1000p)",
        "200ms",
        _BOTTLENECK,
    )
    overhead_bytes: int | None = condition(
        "overhead", BYTES, "bytes each packet costs the bottleneck in addition to its frame", "24b", _BOTTLENECK
    )
    cell_bytes: int | None = condition(
        "cell",
        byte_count(1, 65535, "48b"),
        "payload bytes of the cells that packets take whole, as on ATM (default none)",
        "48b",
        ("rate",),
    )
    cell_overhead_bytes: int | None = condition(
        "cell_overhead", BYTES, "bytes each cell costs the bottleneck in addition to its payload", "5b", ("cell",)
    )
    aqm: str | None = condition(
        "aqm",
        choice("droptail", "codel", "fq_codel", "pie"),
        "which packets the queue drops: droptail (arrivals when it is full), codel (also after a long wait), fq_codel "
        "(codel on a queue for each flow, served in turns) or pie (arrivals at random, to keep the wait near a target)",
        "codel",
        _BOTTLENECK,
    )
    codel_target_ns: int | None = condition(
        "codel_target", POSITIVE_TIME, "queueing delay CoDel aims for (default 5ms)", "5ms", _AQM, _CODEL
    )
    codel_interval_ns: int | None = condition(
        "codel_interval",
        POSITIVE_TIME,
        "how long the delay may exceed the target before CoDel acts (default 100ms)",
        "100ms",
        _AQM,
        _CODEL,
    )
    fq_quantum_bytes: int | None = condition(
        "fq_quantum", _QUANTUM, "bytes a flow may send in its turn (default 1514b)", "300b", _AQM, ("fq_codel",)
    )
    fq_flows: int | None = condition(
        "fq_flows", _FLOWS, "number of queues that flows are hashed to (default 1024)", "1024", _AQM, ("fq_codel",)
    )
    pie_target_ns: int | None = condition(
        "pie_target", POSITIVE_TIME, "queueing delay PIE aims for (default 15ms)", "15ms", _AQM, ("pie",)
    )
    pie_update_ns: int | None = condition(
        "pie_update",
        _UPDATE,
        "how often PIE updates its drop probability (default 15ms)",
        "15ms",
        _AQM,
        ("pie",),
    )
    pie_burst_ns: int | None = condition(
        "pie_burst",
        TIME,
        "how long a burst may last before PIE drops (default 150ms)",
        "150ms",
        _AQM,
        ("pie",),
    )
    pie_ecn_threshold: float | None = condition(
        "pie_ecn_threshold",
        SHARE,
        "with ecn, PIE marks up to this drop probability, and drops above it (default 10%)",
        "10%",
        _AQM,
        ("pie",),
    )
    ecn: bool | None = condition(
        "ecn",
        SWITCH,
        "mark ECN-capable packets instead of dropping them, except when the queue is full",
        "true",
        _AQM,
        ("codel", "fq_codel", "pie"),
    )

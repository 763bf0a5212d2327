"""The depth of a bottleneck's queue: its limits, and how long a full queue takes to drain."""

from __future__ import annotations

import math

from .link import LinkConditions
from .units import QueueLimit

FULL_SIZE = 1514
"""Bytes of a full-size Ethernet frame: header plus a 1500-byte IP packet."""
DEFAULT = QueueLimit(200_000_000, "time")
LEAST_BYTES = 10 * FULL_SIZE
"""The default queue holds at least this much, however long that takes to drain."""
SAFEGUARDS = {"fq_codel": QueueLimit(10240, "packets"), "pie": QueueLimit(1000, "packets")}
"""Defaults of those that drop long before the queue is full: RFC 8290 (5.2.3) and tc-pie(8)."""

_NS_BITS = 8 * 10**9


def limits(values: LinkConditions, rate_bps: float) -> tuple[float, float]:
    """The maximum number of packets and of bytes in the queue at this rate."""
    limit = values.queue or _safeguard(values) or DEFAULT
    if limit.kind == "packets":
        return limit.amount, math.inf
    size = limit.amount * rate_bps / _NS_BITS if limit.kind == "time" else float(limit.amount)
    return math.inf, size if values.queue else max(size, LEAST_BYTES)


def longest_wait_ms(values: LinkConditions) -> float | None:
    """The time a queue full of full-size packets takes to drain; None without a fixed rate.

    None also where the limit is only a safeguard.
    """
    rate = values.rate_bps
    if not rate or math.isinf(rate) or (values.queue is None and _safeguard(values)):
        return None
    packets, size = limits(values, rate)
    return min(packets * FULL_SIZE, size) * 8000 / rate


def _safeguard(values: LinkConditions) -> QueueLimit | None:
    return SAFEGUARDS.get(values.aqm) if values.aqm else None

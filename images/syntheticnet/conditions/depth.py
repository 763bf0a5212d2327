"""How deep the queue of a bottleneck is: how much may wait there, and how long that takes at its rate."""

from __future__ import annotations

import math

from .link import LinkConditions
from .units import QueueLimit

FULL_SIZE = 1514
"""Bytes of the largest ordinary frame: 1500 of IP packet behind an Ethernet header."""
DEFAULT = QueueLimit(200_000_000, "time")
LEAST_BYTES = 10 * FULL_SIZE
"""Where no queue was named it holds as much, however long that takes; whatever the size of its packets."""

_NS_BITS = 8 * 10**9


def limits(queue: QueueLimit | None, rate_bps: float) -> tuple[float, float]:
    """The most packets and the most bytes that may wait at this rate."""
    limit = queue or DEFAULT
    if limit.kind == "packets":
        return limit.amount, math.inf
    size = limit.amount * rate_bps / _NS_BITS if limit.kind == "time" else float(limit.amount)
    return math.inf, size if queue else max(size, LEAST_BYTES)


def longest_wait_ms(values: LinkConditions) -> float | None:
    """How long a queue that is full of full-size packets takes; None where there is no rate, or one of a trace."""
    rate = values.rate_bps
    if not rate or math.isinf(rate):
        return None
    packets, size = limits(values.queue, rate)
    return min(packets * FULL_SIZE, size) * 8000 / rate

"""A trace of a mobile link as long as the ones that Mahimahi publishes, made from a seed."""

from __future__ import annotations

from functools import cache
from itertools import accumulate
from random import Random

OPPORTUNITIES = 730_000
MEAN_MS = 0.85  # about 14 Mbit/s


@cache
def rate_trace(seed: int) -> bytes:
    """730,000 opportunities in 5 MB, `OPPORTUNITIES` lines of Mahimahi's format."""
    random = Random(seed)
    times = accumulate(random.expovariate(1 / MEAN_MS) for _ in range(OPPORTUNITIES))
    return "".join(f"{int(time) + 1}\n" for time in times).encode()

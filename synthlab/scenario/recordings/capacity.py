"""Where a network limited a sender, and to what, from the estimate of the sender's congestion control.

draft-ietf-rmcat-gcc-02, 5.5: when a queue grows, the estimate falls to 0.85 times the rate that arrives, which is then
the capacity. From there it rises slowly, whether the network still limits it or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from .getstats import Points

FALL_TO = 0.85
LEAST_FALL = 0.9
"""A step of the estimate to less than this share is a fall."""
STILL = 1.5
"""If the estimate stays below this many times the capacity until it falls again, it was limited all the time."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A capacity in bits per second, and from when until when it was one (s)."""

    start_s: float
    end_s: float
    bps: float


def limits(estimate: Points) -> list[RateLimit]:
    """The capacities that the falls of an estimate show; at all other times it is only known to be no less than that.

    A limit begins with a fall. It lasts until the next one or, if the estimate rises well above it or never falls
    again, until it is above the capacity.
    """
    falls = list(_falls(estimate))
    if not falls:
        return []
    ends = [*(start for start, _ in falls[1:]), len(estimate)]
    return [_limit(estimate, start, trough, end) for (start, trough), end in zip(falls, ends, strict=True)]


def _falls(estimate: Points) -> Iterator[tuple[int, int]]:
    """Where each fall begins, and where it is at its lowest."""
    start = None
    for number, ((_, before), (_, value)) in enumerate(pairwise(estimate), 1):
        if start is None and value < LEAST_FALL * before:
            start = number
        elif start is not None and value >= before:
            yield start, number - 1
            start = None
    if start is not None:
        yield start, len(estimate) - 1


def _limit(estimate: Points, start: int, trough: int, end: int) -> RateLimit:
    bps = estimate[trough][1] / FALL_TO
    above = next((number for number in range(trough, end) if estimate[number][1] > bps), None)
    falls_again = end < len(estimate)
    is_still = falls_again and max(value for _, value in estimate[trough:end]) <= STILL * bps
    last = end if is_still or above is None else above
    return RateLimit(estimate[start][0], estimate[min(last, len(estimate) - 1)][0], bps)

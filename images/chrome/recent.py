"""The samples of the last second; rates are growth since the one a second old."""

from collections import deque

from .stats import StatsSample

_LEAST_S = 0.95
"""Minimum age of the sample the newest is compared with."""


class RecentStats:
    """Samples with their times, starting at the newest one that is old enough."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, StatsSample]] = deque()

    def before(self, at_s: float, newest: StatsSample) -> StatsSample:
        """Add a sample; return the one to compare it with, or {} if none is old enough."""
        self._samples.append((at_s, newest))
        while len(self._samples) > 1 and at_s - self._samples[1][0] >= _LEAST_S:
            self._samples.popleft()
        oldest_s, oldest = self._samples[0]
        return oldest if at_s - oldest_s >= _LEAST_S else {}

"""The numbers of one probe: totals, and times over the last seconds. Pure."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from .probe import Kind

WINDOW_INTERVALS = 10
LEAST_WINDOW_S = 2.0

_TRIED = {"http": "requests", "tcp": "connections"}


@dataclass(frozen=True)
class TryResult:
    """What became of one try: `ms` until it was answered, and the `status` of an HTTP answer.

    `failed`: no answer, or one that says so. `late`: this machine was too slow to measure it, so it counts as none.
    """

    ms: float | None = None
    status: int | None = None
    failed: bool = False
    late: bool = False


class ProbeNumbers:
    """Times are of tries that did not fail, within the last ten intervals, which are at least 2 seconds."""

    def __init__(self, kind: Kind, interval_s: float) -> None:
        self._kind = kind
        self._window_s = max(LEAST_WINDOW_S, WINDOW_INTERVALS * interval_s)
        self._times: deque[tuple[float, float]] = deque()
        self._tried = self._failed = self._late = 0
        self._last = TryResult(failed=True)

    def add(self, outcome: TryResult, now: float) -> None:
        if outcome.late:
            self._late += 1
            return
        self._tried += 1
        self._failed += outcome.failed
        self._last = outcome
        if outcome.ms is not None and not outcome.failed:
            self._times.append((now, outcome.ms))

    def values(self, now: float) -> dict[str, float]:
        """By name. What is not known, such as the time of an answer that did not come, is left out."""
        while self._times and self._times[0][0] <= now - self._window_s:
            self._times.popleft()
        values: dict[str, float] = {_TRIED[self._kind]: self._tried, "errors": self._failed, "skipped": self._late}
        if times := sorted(ms for _, ms in self._times):
            values |= {"p50_ms": _percentile(times, 0.5), "p95_ms": _percentile(times, 0.95)}
        if self._times and not self._last.failed:
            values["ms"] = self._times[-1][1]
        if self._last.status is not None:
            values["status"] = self._last.status
        return values


def _percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest that at least this share of all does not exceed."""
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]

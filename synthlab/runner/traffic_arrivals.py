"""What the sink of competing traffic reports while it runs: the bytes of each flow that have arrived."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import IO, Any

from ..engine.clock import Clock
from ..text.durations import SECOND_NS

REPORTS = 6
"""Reports come five times a second, so these span one second."""
LEAST_SPAN_S = 0.9
MOST_AGE_NS = SECOND_NS


class TrafficArrivals:
    """Reads the reports in a thread of its own, because a full pipe would stop the sink."""

    def __init__(self, reports: IO[bytes], clock: Clock) -> None:
        self._reports = reports
        self._clock = clock
        self._recent: deque[Mapping[str, Any]] = deque(maxlen=REPORTS)
        self._heard_ns = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, name="traffic", daemon=True)
        self._thread.start()

    def rates_bps(self) -> Sequence[float] | None:
        """The payload that arrived in the last second, of each flow in bit/s; None without a second's reports."""
        with self._lock:
            recent, age_ns = list(self._recent), self._clock.now_ns() - self._heard_ns
        span_s = recent[-1]["at_s"] - recent[0]["at_s"] if recent else 0.0
        if span_s < LEAST_SPAN_S or age_ns > MOST_AGE_NS:
            return None
        counts = zip(recent[0]["bytes"], recent[-1]["bytes"], strict=True)
        return [(now - before) * 8 / span_s for before, now in counts]

    def last(self, patience_s: float) -> Mapping[str, Any] | None:
        """The last report, after the sink has ended; None if there is none, or if it has not ended by then."""
        self._thread.join(patience_s)
        with self._lock:
            return None if self._thread.is_alive() or not self._recent else self._recent[-1]

    def _read(self) -> None:
        for line in self._reports:
            try:
                report = json.loads(line)
            except ValueError:  # cut short, because the sink was killed
                return
            with self._lock:
                self._recent.append(report)
                self._heard_ns = self._clock.now_ns()

"""DelayTrace: replays a recorded latency, such as that of a satellite path or a moving radio.

A packet gets the delay the trace shows at its arrival. Order is kept: when the delay falls, a packet waits for the one
before it (as mahimahi's mm-delay would if its delay could change).
"""

from __future__ import annotations

from bisect import bisect_right
from typing import ClassVar

from ..conditions import LinkConditions
from ..conditions.traces import DelayRecording, read_delay_trace
from .holding import Holding

_NONE = DelayRecording((0,), (0,), None, 0)


class DelayTrace(Holding):
    """Holds each packet for the trace's delay; the trace starts when it is applied."""

    depends_on: ClassVar[tuple[str, ...]] = ("delay_trace",)

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return values.delay_trace is not None

    def slack(self) -> int:
        return self._trace.least_ns

    def set(self, values: LinkConditions) -> None:
        name = values.delay_trace
        self._trace = self.context.files.parsed(name, read_delay_trace) if name else _NONE

    def due(self, since: int, now: int) -> int:
        """After the trace's delay at `since`; before the trace starts, after its first delay."""
        trace = self._trace
        at = max(0, since - self.began)
        if trace.period_ns is not None:
            at %= trace.period_ns
        return since + trace.delays_ns[bisect_right(trace.times_ns, at) - 1]

"""DelayTrace: replays a recorded latency, such as that of a satellite path or a moving radio.

A packet gets the delay the trace shows at its arrival. Order is kept: when the delay falls, a packet waits for the one
before it (as mahimahi's mm-delay would if its delay could change).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from typing import ClassVar

from ..conditions import LinkConditions
from ..conditions.traces import DelayRecording, read_delay_trace
from ..packets.packet import Packet
from .element import ElementContext, Popped

_NONE = DelayRecording((0,), (0,), None, 0)


class DelayTrace:
    """Holds each packet for the trace's delay; the trace starts when it is applied."""

    depends_on: ClassVar[tuple[str, ...]] = ("delay_trace",)

    def __init__(self, values: LinkConditions, kit: ElementContext) -> None:
        self._kit = kit
        self._queue: deque[tuple[int, int, Packet]] = deque()  # due time, arrival time
        self._last_due = 0
        self._set(values, None)

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return values.delay_trace is not None

    def push(self, packets: list[Packet]) -> None:
        for packet in packets:
            self._hold(packet, packet.time)

    def pop(self, now: int) -> Popped:
        due: list[Packet] = []
        queue = self._queue
        while queue and queue[0][0] <= now:
            time, _, packet = queue.popleft()
            packet.time = time
            due.append(packet)
        return due, []

    def deadline(self) -> int | None:
        return self._queue[0][0] if self._queue else None

    def slack(self) -> int:
        return self._trace.least_ns

    def configure(self, values: LinkConditions, now: int) -> None:
        held, self._queue = self._queue, deque()
        self._set(values, now)
        self._last_due = now
        for _, since, packet in held:
            self._hold(packet, since)

    def restart(self) -> None:
        """A trace draws no random numbers."""

    def migrate_out(self, leaves: Callable[[Packet], bool]) -> list[Packet]:
        gone = [waiting for waiting in self._queue if leaves(waiting[2])]
        packets = {packet for _, _, packet in gone}
        self._queue = deque(waiting for waiting in self._queue if waiting[2] not in packets)
        for _, since, packet in gone:
            packet.time = since
        return [packet for _, _, packet in gone]

    def migrate_in(self, packets: list[Packet], now: int) -> None:
        self._last_due = max(self._last_due, now)
        for packet in packets:
            self._hold(packet, packet.time)

    def __len__(self) -> int:
        return len(self._queue)

    def _set(self, values: LinkConditions, now: int | None) -> None:
        name = values.delay_trace
        self._trace = self._kit.files.parsed(name, read_delay_trace) if name else _NONE
        self._began = now

    def _hold(self, packet: Packet, since: int) -> None:
        self._last_due = max(since + self._delay(since), self._last_due)
        self._queue.append((self._last_due, since, packet))

    def _delay(self, time: int) -> int:
        """The trace's delay at `time`; before the start, its first delay."""
        trace = self._trace
        if self._began is None:
            self._began = self._kit.began()
        at = max(0, time - self._began)
        if trace.period_ns is not None:
            at %= trace.period_ns
        return trace.delays_ns[bisect_right(trace.times_ns, at) - 1]

"""The event loop: moves frames between the ports through both pipelines; it knows no effect by name.

Each turn reads what has arrived, sends what is due, and computes the next wake-up. Without traffic it sleeps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from .direction import Pipeline
from .poller import Poller

# If every packet is delayed anyway, most are read when others are sent: the loop wakes up once for a packet, not twice.
# Kernel stamps keep their arrival times exact. If nothing is sent meanwhile, few packets are read this late, and many
# sooner, lest they overflow the socket's buffer.
MOST_LOOK_NS = 10_000_000
LOOK_NS = 500_000
# It is sent in batches too: after a turn the loop rests this long before it sends again. A turn costs as much CPU as
# ten packets. Once a turn sends more than a few, saving turns matters more than a fraction of a millisecond of delay.
REST_NS = 150_000
LONG_REST_NS = 450_000
FEW = 3


class ReadPacer:
    """Decides when to read one pipeline: on arrival, or at intervals while more comes before that may leave."""

    def __init__(self, pipeline: Pipeline, poller: Poller) -> None:
        self.pipeline = pipeline
        self.source = pipeline.source.fileno()
        self.look_at: int | None = None
        self._last = 0
        self._poller = poller
        poller.watch(self.source)

    def read(self, now: int) -> bool:
        """Read a batch; returns whether more may be waiting."""
        count, slack = self.pipeline.carry(), self.pipeline.link.slack
        if count and slack:
            wait = min(slack // 2, LOOK_NS if count > FEW else MOST_LOOK_NS)
            if now - self._last < wait:
                # While it is read at intervals, arrivals must not wake the loop.
                if self.look_at is None:
                    self._poller.ignore(self.source)
                self.look_at = now + wait
            else:
                self._rest()
            self._last = now
        elif self.look_at is not None and (count or self.look_at <= now):
            self._rest()
        return self.pipeline.source.full

    def _rest(self) -> None:
        """Wait for the next arrival."""
        if self.look_at is not None:
            self._poller.watch(self.source)
            self.look_at = None


class EventLoop:
    """Drives pairs of opposite pipelines, turn by turn."""

    def __init__(self, pairs: Sequence[tuple[Pipeline, Pipeline]]) -> None:
        self._poller = Poller()
        self._opposites = [ways for first, second in pairs for ways in ((first, second), (second, first))]
        self._pacers = [ReadPacer(pipeline, self._poller) for pipeline, _ in self._opposites]
        self._links = [pipeline.link for pipeline, _ in self._opposites]
        self._calls: dict[int, Callable[[], None]] = {}
        self._due: int | None = None
        self.appointment: int | None = None
        """Latest time for `turn` to return (ns)."""

    def watch(self, fd: int, call: Callable[[], None]) -> None:
        """Call when `fd` is readable."""
        self._calls[fd] = call
        self._poller.watch(fd)

    def turn(self) -> None:
        """Wait for work and do it."""
        due, appointment = self._due, self.appointment
        if appointment is not None and (due is None or appointment < due):
            due = appointment
        ready = self._poller.wait(due)
        now = time.monotonic_ns()
        due, sent = self._soonest(), 0
        if due is not None and due <= now:
            sent = self._release(now)  # first what is due: it should not wait for what has just come
        full, look = self._read(ready, now)
        now, due = time.monotonic_ns(), self._soonest()
        if due is not None and due <= now:
            sent += self._release(now)
            due = self._soonest()
        if look is not None:
            due = look if due is None else min(look, max(due, now + (LONG_REST_NS if sent > FEW else REST_NS)))
        self._due = now if full else due

    def _read(self, ready: list[int], now: int) -> tuple[bool, int | None]:
        """Read what is ready; returns whether more may be waiting, and when to look at what is not waited for."""
        full = False
        look: int | None = None
        for pacer in self._pacers:
            if pacer.look_at is not None or pacer.source in ready:
                full |= pacer.read(now)
                if pacer.look_at is not None and (look is None or pacer.look_at < look):
                    look = pacer.look_at
        for fd in ready:
            if fd in self._calls:
                self._calls[fd]()
        return full, look

    def _soonest(self) -> int | None:
        """When the next packet is due."""
        soonest: int | None = None
        for link in self._links:
            due = link.due
            if due is not None and (soonest is None or due < soonest):
                soonest = due
        return soonest

    def _release(self, now: int) -> int:
        """Send what is due; returns the number of packets."""
        sent = 0
        for pipeline, opposite in self._opposites:
            due = pipeline.link.due
            if due is not None and due <= now:
                sent += pipeline.release(now)
                if pipeline.answers:
                    opposite.admit_answers(pipeline.answers, now)
                    pipeline.answers = []
        return sent

"""The event loop: moves frames between the ports through both pipelines; it knows no effect by name.

Each turn reads what has arrived, sends what is due, and computes the next wake-up. Without traffic it sleeps.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .direction import Pipeline
from .poller import Poller

# If every packet is delayed anyway, dense traffic is read in batches, at least this often: one system call and one
# turn then serve many packets. Kernel stamps keep their arrival times exact.
LOOK_NS = 500_000
# It is sent in batches too: after a turn the loop rests this long before it sends again. A turn costs as much CPU as
# ten packets. Once a turn sends more than a few, saving turns matters more than a fraction of a millisecond of delay.
REST_NS = 150_000
LONG_REST_NS = 450_000
FEW = 3


class ReadPacer:
    """Decides when to read one pipeline: on arrival, or at intervals while traffic is dense and delayed anyway."""

    def __init__(self, pipeline: Pipeline, poller: Poller) -> None:
        self.pipeline = pipeline
        self.number = poller.add(pipeline.source)
        self.look_at: int | None = None
        self._last = 0
        self._poller = poller

    def read(self, now: int) -> bool:
        """Read a batch; returns whether more may be waiting."""
        count = self.pipeline.carry()
        dense, self._last = now - self._last < LOOK_NS, now if count else self._last
        slack = self.pipeline.link.slack
        if count and slack and dense:
            # While it is read at intervals, arrivals must not wake the loop.
            if self.look_at is None:
                self._poller.watch(self.number, False)
            self.look_at = now + min(LOOK_NS, slack // 2)
        elif self.look_at is not None:
            self._poller.watch(self.number, True)
            self.look_at = None
        return self.pipeline.full


class EventLoop:
    """Drives the two opposite pipelines, turn by turn."""

    def __init__(self, first: Pipeline, second: Pipeline) -> None:
        self._poller = Poller()
        self._pacers = (ReadPacer(first, self._poller), ReadPacer(second, self._poller))
        self._opposites = ((first, second), (second, first))
        self._calls: dict[int, Callable[[], None]] = {}
        self._due: int | None = None
        self.appointment: int | None = None
        """Latest time for `turn` to return (ns)."""

    def watch(self, fd: int, call: Callable[[], None]) -> None:
        """Call when `fd` is readable."""
        self._calls[self._poller.add(fd)] = call

    def turn(self) -> None:
        """Wait for work and do it."""
        due, appointment = self._due, self.appointment
        if appointment is not None and (due is None or appointment < due):
            due = appointment
        ready = self._poller.wait(due)
        now = time.monotonic_ns()
        full = False
        looks = []
        for pacer in self._pacers:
            if pacer.look_at is not None or pacer.number in ready:
                full |= pacer.read(now)
                if pacer.look_at is not None:
                    looks.append(pacer.look_at)
        for number in ready:
            if number in self._calls:
                self._calls[number]()
        self._release(looks, full)

    def _release(self, looks: list[int], full: bool) -> None:
        """Send what is due and compute the next wake-up, from `looks` (times to read) and due packets."""
        now = time.monotonic_ns()
        sent = 0
        for pipeline, opposite in self._opposites:
            due = pipeline.link.due
            if due is not None and due <= now:
                sent += pipeline.release(now)
            if pipeline.answers:
                opposite.admit_answers(pipeline.answers, now)
                pipeline.answers = []
        soonest = min([due for pipeline, _ in self._opposites if (due := pipeline.link.due) is not None], default=None)
        if looks:
            if soonest is not None:
                soonest = max(soonest, now + (LONG_REST_NS if sent > FEW else REST_NS))
            soonest = min(looks) if soonest is None else min(soonest, *looks)
        self._due = now if full else soonest

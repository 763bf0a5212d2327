"""The loop: frames from one port, through a link, to the other; it knows ways and clocks, and no effect by name.

Each turn reads what has come, sends what is due, and finds out when the next one is. Without traffic it sleeps.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .direction import Pipeline
from .poller import Poller

# Where packets wait anyway, dense traffic is not read one by one: after this long at the latest is soon enough.
LOOK_NS = 500_000
# Nor is it sent one by one: what falls due within this time of a turn leaves with the next one. A turn costs as much as
# ten packets; where one sends more than a few, traffic is so dense that its cost counts more than a part of a ms.
REST_NS = 150_000
LONG_REST_NS = 450_000
FEW = 3


class ReadPacer:
    """When to read one way: at once when something comes, or, while traffic is dense and held anyway, now and then."""

    def __init__(self, way: Pipeline, poller: Poller) -> None:
        self.way = way
        self.number = poller.add(way.source)
        self.look_at: int | None = None
        self._last = 0
        self._poller = poller

    def read(self, now: int) -> bool:
        """Take a batch; whether more of it is waiting."""
        count = self.way.carry()
        dense, self._last = now - self._last < LOOK_NS, now if count else self._last
        slack = self.way.link.slack
        if count and slack and dense:
            if self.look_at is None:
                self._poller.watch(self.number, False)
            self.look_at = now + min(LOOK_NS, slack // 2)
        elif self.look_at is not None:
            self._poller.watch(self.number, True)
            self.look_at = None
        return self.way.full


class EventLoop:
    """Two ways, each the opposite of the other, kept going turn by turn."""

    def __init__(self, first: Pipeline, second: Pipeline) -> None:
        self._poller = Poller()
        self._intakes = (ReadPacer(first, self._poller), ReadPacer(second, self._poller))
        self._opposites = ((first, second), (second, first))
        self._calls: dict[int, Callable[[], None]] = {}
        self._due: int | None = None
        self.appointment: int | None = None
        """When `turn` is to return at the latest (ns)."""

    def watch(self, fd: int, call: Callable[[], None]) -> None:
        """Call when `fd` is readable."""
        self._calls[self._poller.add(fd)] = call

    def turn(self) -> None:
        """Wait until there is something to do, and do it."""
        due, appointment = self._due, self.appointment
        if appointment is not None and (due is None or appointment < due):
            due = appointment
        ready = self._poller.wait(due)
        now = time.monotonic_ns()
        full = False
        looks = []
        for intake in self._intakes:
            if intake.look_at is not None or intake.number in ready:
                full |= intake.read(now)
                if intake.look_at is not None:
                    looks.append(intake.look_at)
        for number in ready:
            if number in self._calls:
                self._calls[number]()
        self._release(looks, full)

    def _release(self, looks: list[int], full: bool) -> None:
        """Send what is due, and find out when to wake up next: for `looks` at an intake, or for what is due then."""
        now = time.monotonic_ns()
        sent = 0
        for way, opposite in self._opposites:
            due = way.link.due
            if due is not None and due <= now:
                sent += way.release(now)
            if way.answers:
                opposite.admit_answers(way.answers, now)
                way.answers = []
        soonest = min([due for way, _ in self._opposites if (due := way.link.due) is not None], default=None)
        if looks:
            if soonest is not None:
                soonest = max(soonest, now + (LONG_REST_NS if sent > FEW else REST_NS))
            soonest = min(looks) if soonest is None else min(soonest, *looks)
        self._due = now if full else soonest

"""Plays the runs of `bisect`, `sweep` and `compare`: each with its retries, in one lab or each in a new one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ..control.backend import Backend
from ..text.durations import seconds_of
from . import console
from .console import Live

if TYPE_CHECKING:
    from ..runner import KeptLab, RunOptions
    from ..scenario import Plan
    from ..scenario.record import Judged, Played, Record

STYLES = {"passed": "green", "failed": "red", "inconclusive": "yellow", "wrong use": "red"}


class RunSeries:
    """Runs in turn. Retries have the seed of their run; the last verdict counts."""

    def __init__(self, backend: Backend, options: RunOptions, retries: int, kept: KeptLab | None) -> None:
        self._backend = backend
        self._options = options
        self._retries = retries
        self._kept = kept

    def play(self, plan: Plan, title: str, name: str) -> Record:
        """Play a run and its retries; prints a line for each. `name` is that of its folder of evidence."""
        retry = 0
        record = self._play(plan, title, name)
        while record.verdict == "inconclusive" and retry < self._retries:
            retry += 1
            again = f"{title} (retry {retry} of {self._retries})"
            record = replace(self._play(plan, again, f"{name}-retry-{retry}"), retried=retry)
        return record

    def _play(self, plan: Plan, title: str, name: str) -> Record:
        from .. import runner

        with console.live() as live:
            watcher = _OneLine(live, title, plan)
            if self._kept:
                record = self._kept.play(plan, watcher, watcher.progress, name)
            else:
                record = runner.play(plan, self._backend, self._options, watcher, watcher.progress, name)
            watcher.end(record)
        return record


@contextmanager
def run_series(backend: Backend, options: RunOptions, retries: int, one_lab: bool) -> Iterator[RunSeries]:
    """Yield the series; a lab that its runs share is removed at the end."""
    from ..runner import KeptLab

    if not one_lab:
        yield RunSeries(backend, options, retries, None)
        return
    with KeptLab(backend, options) as kept:
        yield RunSeries(backend, options, retries, kept)


class _OneLine:
    """Prints one line for a run when it is over; meanwhile, on a terminal, what it is doing."""

    def __init__(self, live: Live, title: str, plan: Plan) -> None:
        self._live = live
        self._title = title
        self._most_s = seconds_of(plan.most_ns)

    def progress(self, text: str) -> None:
        self._live.moving(f"{self._title}: {text}")

    def step(self, step: Played) -> None:
        self._live.moving(f"{self._title}: {step.text}")

    def ended(self, step: Played) -> None:
        """Not shown: the next line shows that the run went on."""

    def judging(self, now_ns: int, text: str, seen: str) -> None:
        at = f"{seconds_of(now_ns):.0f} s of at most {self._most_s:.0f} s"
        self._live.moving(f"{self._title}: {at}: {text} ({seen})")

    def judged(self, judged: Judged) -> None:
        """Not shown: the verdict of the run says it."""

    def end(self, record: Record) -> None:
        why = f": {record.reasons[0]}" if record.reasons and record.verdict != "passed" else ""
        self._live.line(f"{self._title}: {record.verdict}, {record.duration_s:.1f} s{why}", STYLES[record.verdict])

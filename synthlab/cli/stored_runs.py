"""Plays the runs of `sweep` and `compare` that their store does not have yet, and keeps each before the next begins."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..control.backend import Backend
from ..errors import SynthlabError
from . import console
from .run_series import RunSeries

if TYPE_CHECKING:
    from ..engine.named_engine import NamedEngine
    from ..gate.run_store import RunStore
    from ..scenario import Plan
    from ..scenario.record import Record
    from .run_queue import Run

MOST_UNSTARTED = 3
"""This many labs in a row that do not start end it: the engine has a problem, and all others would fail too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One of many runs. `text` says what distinguishes it.

    `plan` makes its plan, and `prepare` is called before it is played.
    """

    number: int
    text: str
    plan: Callable[[], Plan]
    prepare: Callable[[], None] = lambda: None


class StoredRuns:
    """All runs of one command; `records` are those that the store has, by number."""

    def __init__(self, planned: Sequence[PlannedRun], store: RunStore) -> None:
        self._planned = planned
        self._store = store
        self.records: dict[int, Record] = store.records()

    def is_judged(self, number: int) -> bool:
        """Whether the store has this run with a verdict on the system under test."""
        return number in self.records and self.records[number].verdict != "inconclusive"

    def play(self, series: RunSeries, numbers: Iterable[int]) -> None:
        """Play the runs with these numbers; says how to go on if that ends early. Raises SynthlabError."""
        left = self._left(numbers)
        with self._resumable():
            unstarted = 0
            for place, run in enumerate(left):
                record = self._play(run, len(left) - place, series)
                # A record without facts is of a lab that did not start.
                unstarted = 0 if record.facts else unstarted + 1
                if unstarted == MOST_UNSTARTED:
                    raise SynthlabError(f"{unstarted} labs in a row did not start: {record.reasons[0]}")

    def share(
        self,
        engines: Sequence[NamedEngine],
        given: str,
        numbers: Iterable[int],
        retries: int,
        arguments: Callable[[Run], list[str]],
    ) -> None:
        """Play the runs with these numbers on several engines, each by a command of its own with these `arguments`.

        `given` is how the command line names the scenario. Says how to go on if that ends early. Runs for which no
        engine was left are inconclusive, and not kept.
        """
        from .shared_runs import SharedRuns, play_apart

        took_s: dict[int, float] = {}

        def play(run: Run, engine: NamedEngine) -> Record:
            began_s = time.monotonic()
            record = play_apart(run, engine, arguments(run))
            took_s[run.number] = time.monotonic() - began_s
            return record

        def keep(number: int, record: Record) -> None:
            self._keep(number, record, took_s[number])

        shared = SharedRuns([self._to_share(run, given, retries) for run in self._left(numbers)], play, keep)
        with self._resumable():
            shared.play(engines)
        self.records |= shared.records

    def _left(self, numbers: Iterable[int]) -> list[PlannedRun]:
        wanted = {*numbers}
        left = [run for run in self._planned if run.number in wanted]
        if len(left) < len(self._planned):
            done = f"{len(self._planned) - len(left)} of {len(self._planned)} runs"
            console.print_note(f"{done} are in {self._store.file} already")
        return left

    @contextmanager
    def _resumable(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            kept = f"{len(self.records)} of {len(self._planned)} runs are kept in {self._store.file}"
            console.print_note(f"{kept}; the same command plays the others")
            raise

    def _play(self, run: PlannedRun, left: int, series: RunSeries) -> Record:
        run.prepare()
        plan = run.plan()
        began_s = time.monotonic()
        record = series.play(plan, f"{self._title(run)}{self._time_left(left)}", _name(run, plan))
        self._keep(run.number, record, time.monotonic() - began_s)
        return record

    def _to_share(self, run: PlannedRun, given: str, retries: int) -> Run:
        from .run_queue import Run

        plan, turn = run.plan(), f" {self._title(run)}"
        return Run(number=run.number, given=given, plan=plan, turn=turn, name=_name(run, plan), retries=retries)

    def _keep(self, number: int, record: Record, took_s: float) -> None:
        self._store.add(number, record, took_s)
        self.records[number] = record

    def _title(self, run: PlannedRun) -> str:
        return f"{run.text}, run {run.number + 1} of {len(self._planned)}"

    def _time_left(self, runs: int) -> str:
        from ..engine.ttl import format_time

        mean_s = self._store.mean_s()
        return f", about {format_time(mean_s * runs)} left" if mean_s else ""


def _name(run: PlannedRun, plan: Plan) -> str:
    """The name of its folder of evidence."""
    return f"{plan.scenario.name}-{run.number + 1}"


def file_digests(plans: Iterable[Plan]) -> dict[str, str]:
    """The content of the scenario and stack files of these plans, for the description of a store."""
    from ..gate.run_store import CONTENT

    files = {file: None for plan in plans for file in (plan.scenario.source, plan.scenario.stack.source) if file}
    digests: dict[str, str] = {}
    for file in files:
        # Two stacks that are compared may have one name, in two folders.
        name = f"{file.name}'s {CONTENT}"
        digests[name] = digests.get(name, "") + _digest(file)
    return digests


def _digest(file: Path) -> str:
    import hashlib

    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def remove_left(backend: Backend, store: RunStore) -> None:
    """Remove labs that an earlier process of the same command left behind when it was killed."""
    for lab in sorted({one.lab for one in backend.engine.containers() if one.made_by == store.made_by}):
        console.print_note(f"{lab} was left by a {store.command} that was killed, and is removed")
        backend.engine.remove_lab(lab, store.made_by)

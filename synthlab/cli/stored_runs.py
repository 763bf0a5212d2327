"""Plays the runs of `sweep` and `compare` that their store does not have yet, and keeps each before the next begins."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..control.backend import Backend
from ..errors import SynthlabError
from . import console
from .run_series import RunSeries

if TYPE_CHECKING:
    from ..gate.run_store import RunStore
    from ..scenario import Plan
    from ..scenario.record import Record

MOST_UNSTARTED = 3
"""This many labs in a row that do not start end it: the engine has a problem, and all others would fail too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One of many runs. `text` says what distinguishes it, `variables` are kept with the scenario's own.

    `plan` makes its plan, and `prepare` is called before it is played.
    """

    number: int
    text: str
    plan: Callable[[], Plan]
    variables: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None


class StoredRuns:
    """All runs of one command; `records` are those that the store has, by number."""

    def __init__(self, planned: Sequence[PlannedRun], store: RunStore) -> None:
        self._planned = planned
        self._store = store
        self.records: dict[int, Record] = store.records()

    @property
    def _how_to_resume(self) -> str:
        kept = f"{len(self.records)} of {len(self._planned)} runs are kept in {self._store.file}"
        return f"{kept}; the same command plays the others"

    def is_judged(self, number: int) -> bool:
        """Whether the store has this run with a verdict on the system under test."""
        return number in self.records and self.records[number].verdict != "inconclusive"

    def play(self, series: RunSeries, numbers: Iterable[int]) -> None:
        """Play the runs with these numbers; says how to go on if that ends early. Raises SynthlabError."""
        try:
            self._play_all(series, {*numbers})
        except BaseException:
            console.print_note(self._how_to_resume)
            raise

    def _play_all(self, series: RunSeries, wanted: set[int]) -> None:
        left = [run for run in self._planned if run.number in wanted]
        if len(left) < len(self._planned):
            console.print_note(
                f"{len(self._planned) - len(left)} of {len(self._planned)} runs are in {self._store.file} already"
            )
        unstarted = 0
        for place, run in enumerate(left):
            record = self._play(run, len(left) - place, series)
            # A record without facts is of a lab that did not start.
            unstarted = 0 if record.facts else unstarted + 1
            if unstarted == MOST_UNSTARTED:
                raise SynthlabError(f"{unstarted} labs in a row did not start: {record.reasons[0]}")

    def _play(self, run: PlannedRun, left: int, series: RunSeries) -> Record:
        run.prepare()
        plan = run.plan()
        title = f"{run.text}, run {run.number + 1} of {len(self._planned)}{self._time_left(left)}"
        began_s = time.monotonic()
        record = series.play(plan, title, f"{plan.scenario.name}-{run.number + 1}")
        record = replace(record, variables={**record.variables, **run.variables})
        self._store.add(run.number, record, time.monotonic() - began_s)
        self.records[run.number] = record
        return record

    def _time_left(self, runs: int) -> str:
        from ..engine.ttl import format_time

        mean_s = self._store.mean_s()
        return f", about {format_time(mean_s * runs)} left" if mean_s else ""


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

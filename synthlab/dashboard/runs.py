"""Scenarios played through the API: one at a time in each lab, by the runner of `synthlab scenario run`."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..control.backend import Backend
from ..errors import WrongUse
from ..interrupts import Stop
from ..runner import RunOptions, play, refused, relative_to
from ..runner.watcher import Watcher
from ..scenario.plan import Plan
from ..scenario.record import EXIT_CODES, Record
from .failures import InTheWay, NotThere
from .feeds import Feeds, LabFeed
from .run_progress import RunProgress

MOST_KEPT = 20
REPORT = "report.html"


@dataclass(slots=True)
class ScenarioRun:
    """One run, and its record once it has ended."""

    id: str
    plan: Plan
    lab: str
    progress: RunProgress
    stop: Stop
    folder: Path
    record: Record | None = None
    thread: threading.Thread | None = None

    def to_dict(self) -> dict[str, Any]:
        ended = self.record
        outcome = {} if ended is None else {"verdict": ended.verdict, "status": EXIT_CODES[ended.verdict]}
        return {
            "id": self.id,
            "scenario": self.plan.scenario.file,
            "lab": self.lab,
            "seed": self.plan.seed,
            "state": "running" if ended is None else "ended",
            **outcome,
            "reasons": [] if ended is None else list(ended.reasons),
            **self.progress.to_dict(ended),
        }


class ScenarioRuns:
    """The runs of one server; the last ones are kept, with their evidence, until it ends."""

    def __init__(self, backend: Backend, feeds: Feeds) -> None:
        self._backend = backend
        self._feeds = feeds
        self._runs: dict[str, ScenarioRun] = {}
        self.verdicts: Counter[tuple[str, str, str]] = Counter()
        """The runs that have ended, by lab, scenario and verdict; those too that are no longer kept."""
        self._lock = threading.Lock()

    @cached_property
    def _folder(self) -> Path:
        """Made for the first run: a server that plays none leaves nothing, even if it is killed."""
        return Path(tempfile.mkdtemp(prefix="synthlab-runs-"))

    def start(self, plan: Plan, lab: str | None) -> ScenarioRun:
        """Play a plan in a running lab, or in one that is brought up for it. Raises InTheWay."""
        name = lab or plan.scenario.stack.name
        id = secrets.token_hex(6)

        def heard(mark: Mapping[str, Any] | None) -> None:
            self._feeds.later(name, lambda feed: _show(feed, run, mark))

        run = ScenarioRun(id, plan, name, RunProgress(plan, heard), Stop(), self._folder / id)
        with self._lock:
            if other := self.running(name):
                raise InTheWay(f"a scenario is already running in lab '{name}': run {other}")
            ended = [one.id for one in self._runs.values() if one.record]
            for old in ended[: max(len(self._runs) - MOST_KEPT + 1, 0)]:
                shutil.rmtree(self._runs.pop(old).folder, ignore_errors=True)
            self._runs[id] = run
        run.thread = threading.Thread(target=self._play, args=(run, lab), name=f"run-{id}")
        run.thread.start()
        return run

    def all(self) -> list[ScenarioRun]:
        """The newest first."""
        return list(self._runs.values())[::-1]

    def get(self, id: str) -> ScenarioRun:
        """Raises NotThere."""
        try:
            return self._runs[id]
        except KeyError:
            raise NotThere(f"no run '{id}'; the last {MOST_KEPT} are kept") from None

    def running(self, lab: str) -> str | None:
        """The id of the run in a lab, if there is one."""
        return next((run.id for run in self._runs.values() if run.lab == lab and run.record is None), None)

    def stop(self, id: str) -> ScenarioRun:
        """End a run early: it reverts everything, which its record then shows."""
        run = self.get(id)
        if run.record is None:
            run.stop.request()
        return run

    def close(self) -> None:
        """Stop all runs, wait until they have reverted everything, and remove their evidence."""
        for id in list(self._runs):
            self.stop(id)
        for run in list(self._runs.values()):
            if run.thread:
                run.thread.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def report(self, id: str) -> str:
        """The HTML report of a run that has ended. Raises InTheWay for one that has not."""
        from ..report import report_page

        run = self.get(id)
        if run.record is None:
            raise InTheWay(f"run {id} has not ended yet")
        return report_page([relative_to(run.record, run.folder / REPORT)])

    def _play(self, run: ScenarioRun, lab: str | None) -> None:
        """Whether the files may act with the user's rights has been decided before."""
        options = RunOptions(lab=lab, evidence=run.folder, allow_host=True)
        watcher: Watcher = run.progress
        record = refused(run.plan.scenario.file, WrongUse("a fault of synthlab"))
        try:
            with run.stop.applies():
                record = play(run.plan, self._backend, options, watcher, run.progress.note, "evidence")
        except WrongUse as error:
            record = refused(run.plan.scenario.file, error)
        finally:
            run.record = record
            self.verdicts[run.lab, run.plan.scenario.name, record.verdict] += 1
            self._feeds.later(run.lab, lambda feed: _show(feed, run, None))


def _show(feed: LabFeed, run: ScenarioRun, mark: Mapping[str, Any] | None) -> None:
    feed.send("run", run.to_dict())
    if mark:
        feed.mark({"run": run.id, **mark})

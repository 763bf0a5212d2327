"""Shares runs among engines. Each run is a `synthlab scenario run` of its own, so that neither disturbs the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from dataclasses import replace
from tempfile import TemporaryFile

from ..engine.named_engine import NamedEngine
from ..engine.process import run_program
from ..errors import SynthlabError, WrongUse
from ..interrupts import Stop, is_stopped, uninterrupted
from ..report import read_results
from ..runner import RunOptions, unplayed
from ..scenario.record import ENGINE_NAME, Record
from . import console
from .run_queue import Run, RunQueue

SYNTHLAB = (sys.executable, "-P", "-c", "import sys; from synthlab.cli.main import main; sys.exit(main())")
PATIENCE_S = 60.0
"""How long a run that is stopped may take to revert everything and to remove its lab."""
MOST_UNSTARTED = 2
"""An engine on which this many labs in a row did not start gets no more runs: it would use up all others' runs."""

PlayRun = Callable[[Run, NamedEngine], Record]


class SharedRuns:
    """Runs on several engines, one at a time on each; `records` are the results so far, by the runs' numbers.

    `keep` is called with each result, in the thread of its engine.
    """

    def __init__(
        self, runs: Iterable[Run], play: PlayRun, keep: Callable[[int, Record], None] = lambda number, record: None
    ) -> None:
        self._queue = RunQueue(runs)
        self._play = play
        self._keep = keep
        self._given_up: dict[str, str] = {}
        self.records: dict[int, Record] = {}

    def play(self, engines: Sequence[NamedEngine]) -> None:
        """Play all. On an error, Ctrl-C or SIGTERM, end those that are being played and wait for their cleanup."""
        stops = [Stop() for _ in engines]
        with ThreadPoolExecutor(len(engines)) as pool:
            playing = [pool.submit(self._work, engine, stop) for engine, stop in zip(engines, stops, strict=True)]
            try:
                for ended in as_completed(playing):
                    ended.result()
            except BaseException:
                with uninterrupted():
                    self._queue.clear()
                    with ThreadPoolExecutor(len(stops)) as stopping:
                        wait([stopping.submit(stop.request) for stop in stops])
                    wait(playing)
                raise
        why = "; ".join(self._given_up.values())
        for run in self._queue.clear():
            self.records.setdefault(run.number, unplayed(run.plan, f"not played, because no engine is left: {why}"))

    def _work(self, engine: NamedEngine, stop: Stop) -> None:
        """Play one run after the other on an engine, until none is left or the engine is given up."""
        unstarted = 0
        with stop.applies():
            while engine.name not in self._given_up and (run := self._queue.take()):
                again = None
                try:
                    record = self._play(run, engine)
                    if is_stopped():
                        return
                    # A record without facts is of a lab that did not start, or that was lost.
                    unstarted = 0 if record.facts else unstarted + 1
                    if unstarted:
                        record = self._doubted(engine, record, unstarted)
                    again = run.again() if record.verdict == "inconclusive" else None
                    named = _named(record, engine, run)
                    self.records[run.number] = named
                    self._keep(run.number, named)
                finally:
                    self._queue.done(again)

    def _doubted(self, engine: NamedEngine, record: Record, unstarted: int) -> Record:
        """The record of a lab that did not start. If that is the engine's fault, the engine is given up."""
        try:
            engine.identity()
        except SynthlabError as error:
            why = f"the engine was lost: {error.message}"
            record = replace(record, reasons=(why, *record.reasons))
        else:
            why = f"{engine}: {record.reasons[0]}"
            if unstarted < MOST_UNSTARTED:
                return record
        self._given_up[engine.name] = why
        console.print_note(f"{engine} gets no more runs: {why}")
        return record


def _named(record: Record, engine: NamedEngine, run: Run) -> Record:
    return replace(record, facts={ENGINE_NAME: engine.name, **record.facts}, retried=run.retry)


def play_apart(run: Run, engine: NamedEngine, arguments: Sequence[str]) -> Record:
    """Play a run in a process of its own with these arguments, which print its result as JSON; shows its progress.

    Raises WrongUse if that process does.
    """
    # On a terminal or not, each line of progress is one of ours.
    kept = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    with TemporaryFile() as output:
        finished = run_program(
            [*SYNTHLAB, *arguments],
            on_line=lambda line: console.print_note(f"{run.title} on {engine}: {line}"),
            environment={**kept, **engine.environment},
            patience_s=PATIENCE_S,
            output=output,
        )
        output.seek(0)
        results = output.read().decode()
    error = _error_in(finished.tail) or f"its process ended with status {finished.status}"
    if finished.status == WrongUse.exit_code:
        raise WrongUse(f"{engine}: {error}")
    try:
        (record,) = read_results(results, engine.name)
    except WrongUse:
        return unplayed(run.plan, error)
    return record


def run_arguments(run: Run, variables: Sequence[str], stack: str | None, options: RunOptions) -> list[str]:
    """What follows `synthlab` to play one run by itself, and print its result; `variables` are those of --var."""
    values = {
        "--stack": stack,
        "--seed": run.plan.seed,
        "--evidence": options.evidence / run.folder,
        "--timeout": options.start_timeout_s,
        "--lab": options.lab,
    }
    switches = {"--keep": options.keep, "--keep-going": options.keep_going, "--allow-host": options.allow_host}
    return [
        *("scenario", "run", run.given, "--json"),
        *(part for entry in variables for part in ("--var", entry)),
        *(part for flag, value in values.items() if value is not None for part in (flag, str(value))),
        *(flag for flag, wanted in switches.items() if wanted),
    ]


def _error_in(lines: Sequence[str]) -> str:
    """The message of the last error among lines that a command printed."""
    errors = [line.removeprefix("synthlab: ") for line in lines if line.startswith("synthlab: ")]
    return errors[-1] if errors else ""

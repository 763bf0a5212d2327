"""Keeps evidence of a failed test, with the same report page as for a scenario."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..assets import own_version
from ..errors import Inconclusive, SynthlabError
from ..runner import relative_to
from ..runner.evidence import Evidence
from ..scenario.record import Record
from ..text.atomic_file import write_whole
from ..text.durations import seconds_of
from .watched import WatchedLab

REPORT = "report.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTest:
    """A failed test; `reason` is one line."""

    name: str
    file: str
    seed: int
    reason: str
    error: BaseException


@dataclass(slots=True)
class KeptEvidence:
    """What was kept: `files` by what they show, and the page `report`; `problems` list what is missing and why."""

    lab: str
    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    report: Path | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def lines(self) -> Iterator[str]:
        """The lines for pytest's report."""
        yield f"lab {self.lab}"
        yield from self.problems
        if self.report:
            yield f"report: {self.report}"
        if self.files:
            yield f"evidence in {self.folder}:"
            yield from (f"  {shows}: {path.relative_to(self.folder)}" for shows, path in self.files.items())

    @property
    def properties(self) -> Iterator[tuple[str, str]]:
        """The properties for JUnit files."""
        yield "synthlab.lab", self.lab
        if self.report:
            yield "synthlab.report", str(self.report)
        yield from ((f"synthlab.evidence.{shows}", str(path)) for shows, path in self.files.items())


def keep(test: FailedTest, lab: WatchedLab, evidence: Evidence, folder: Path) -> KeptEvidence:
    """Collect everything into a folder. Errors become `problems`, so that none masks the test's own failure."""
    kept = KeptEvidence(lab.name, folder)
    record = record_of(test, lab)  # before the evidence, which takes seconds
    with contextlib.suppress(SynthlabError):
        kept.problems += lab.too_slow()
    try:
        kept.files = {shows: folder / path for shows, path in evidence.collect(folder).items()}
    except SynthlabError as error:
        kept.problems.append(error.message)
    named = {shows: str(path) for shows, path in kept.files.items()}
    try:
        shown = evidence.for_report.since(lab.journal.started) if evidence.for_report else {}
        kept.report = _write_page(replace(record, evidence=named, **shown), folder / REPORT)
    except OSError as error:
        kept.problems.append(f"{folder / REPORT} cannot be written: {error.strerror}")
    return kept


def _write_page(record: Record, file: Path) -> Path:
    from ..report import report_page

    write_whole(file, report_page([relative_to(record, file)]))
    return file


def _facts(lab: WatchedLab) -> dict[str, str]:
    """The engine's facts, if it answers."""
    with contextlib.suppress(SynthlabError):
        return lab.backend.engine.facts()
    return {}


def record_of(test: FailedTest, lab: WatchedLab) -> Record:
    """The test so far, as the record of a scenario."""
    journal = lab.journal
    return Record(
        scenario=test.name,
        file=test.file,
        stack=lab.stack.name if lab.stack else "",
        lab=lab.name,
        seed=test.seed,
        facts={"synthlab": own_version(), **_facts(lab)},
        started=journal.started.isoformat(timespec="microseconds"),
        duration_s=round(seconds_of(journal.now_ns()), 3),
        verdict="inconclusive" if isinstance(test.error, Inconclusive) else "failed",
        reasons=(test.reason,),
        clients=tuple(client.name for client in lab.participants),
        baseline=lab.baseline_taken,
        steps=tuple(journal.steps),
        judged=tuple(journal.judged),
        configured=journal.configured.entries,
        samples=lab.samples,
    )

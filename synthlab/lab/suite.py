"""Runs somebody's own test suite in a lab, and says whether the lab was fast enough to trust its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import SynthlabError
from ..runner.evidence import Evidence
from .lab import Lab

INCONCLUSIVE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A change of one client, service or group that is in force while the suite runs; `files` are what it names.

    `translated`: lines that say what its `netem` means.
    """

    name: str
    change: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)
    translated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteResult:
    """The suite's exit `status`, reasons to doubt it, and the evidence of a suite that did not pass, by what it shows.

    `problems` are what is missing of the evidence, and why.
    """

    status: int
    doubts: Sequence[str] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[str] = ()

    @property
    def exit_code(self) -> int:
        """The suite's own status, or 3 if the lab was too slow to trust it."""
        return INCONCLUSIVE if self.doubts else self.status


def run_suite(lab: Lab, settings: Sequence[Setting], run: Callable[[], int], folder: Path) -> SuiteResult:
    """Apply the settings in order, `run` the suite, and keep evidence in `folder` unless it ends with status 0.

    Raises SynthlabError if a setting cannot be applied.
    """
    evidence = Evidence(lab.backend, lab.name)
    try:
        for setting in settings:
            lab.change(lab.find([setting.name]), setting.change, files=setting.files)
        evidence.watch(dict.fromkeys(client.name for one in settings for client in lab.find([one.name])))
        doubts = lab.watch_machine()
        status = run()
        doubted = doubts()
        if status == 0:
            return SuiteResult(status=status, doubts=doubted)
        try:
            return SuiteResult(status=status, doubts=doubted, evidence=evidence.collect(folder))
        except SynthlabError as error:
            return SuiteResult(status=status, doubts=doubted, problems=[error.message])
    finally:
        evidence.close()

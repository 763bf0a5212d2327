"""One lab for several runs: when it is kept, replaced and removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from synthlab.engine.api import EngineApi
from synthlab.errors import SynthlabError
from synthlab.runner.kept_lab import LIFE_S, KeptLab, leaves_no_trace
from synthlab.runner.session import RunOptions
from synthlab.runner.watcher import Watcher
from synthlab.scenario import Plan
from synthlab.scenario.record import Record, Verdict
from synthlab.stack import Stack
from synthlab.testing import FakeClock, fake_backend

from ..gate.results import record
from ..scenario.files import checked

pytestmark = pytest.mark.issue(16)

WAIT = "  - wait: 1s\n"


class Labs:
    """What a KeptLab does: `up NAME`, `run LAB` (`-`: without a lab of ours), `down NAME`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *running: str) -> None:
        self.log: list[str] = []
        self.verdicts: list[Verdict] = []
        self.broken = False
        self.clock = FakeClock()
        backend, _ = fake_backend(*running)
        self.kept = KeptLab(replace(backend, clock=self.clock), RunOptions())
        monkeypatch.setattr("synthlab.runner.kept_lab.launched", self._launched)
        monkeypatch.setattr("synthlab.runner.kept_lab.play", self._play)

    @contextmanager
    def _launched(self, stack: Stack, engine: EngineApi, *others: Any) -> Iterator[None]:
        if self.broken:
            raise SynthlabError("no engine", ["a line"])
        self.log.append(f"up {stack.name}")
        yield
        self.log.append(f"down {stack.name}")

    def _play(self, plan: Plan, backend: object, options: RunOptions, *others: object) -> Record:
        self.log.append(f"run {options.lab or '-'}")
        return record(self.verdicts.pop(0) if self.verdicts else "passed")

    def play(self, plan: Plan) -> Record:
        return self.kept.play(plan, cast("Watcher", None), print, "run")


@pytest.fixture
def labs(monkeypatch: pytest.MonkeyPatch) -> Labs:
    return Labs(monkeypatch)


def test_one_lab(labs: Labs, tmp_path: Path) -> None:
    """It is brought up once, and removed at the end."""
    plan = checked(tmp_path, WAIT)
    with labs.kept:
        for _ in range(3):
            labs.play(plan)
    assert labs.log == ["up call", "run call", "run call", "run call", "down call"]


def test_a_lab_in_doubt(labs: Labs, tmp_path: Path) -> None:
    """After an inconclusive run it is replaced, as it may be what is wrong; a failed run leaves it."""
    labs.verdicts = ["failed", "inconclusive", "passed"]
    with labs.kept:
        for _ in range(3):
            labs.play(checked(tmp_path, WAIT))
    assert labs.log == ["up call", "run call", "run call", "down call", "up call", "run call", "down call"]


def test_another_stack(labs: Labs, tmp_path: Path) -> None:
    """A plan for another stack needs another lab."""
    with labs.kept:
        labs.play(checked(tmp_path, WAIT))
        labs.play(
            checked(tmp_path, WAIT, stack="clients: {client1: {app: chrome}, client2: {app: bot}}\nsfu: {app: janus}\n")
        )
    assert labs.log == ["up call", "run call", "down call", "up call", "run call", "down call"]


@pytest.mark.parametrize(
    ("step", "kept"),
    [
        ("  - {set: client2, egress: {loss: 1%}, for: 1s}\n", True),
        ("  - {traffic: client2, rate: 1mbit, for: 2s}\n", True),
        ("  - {exec: 'true', in: client2}\n", False),
        ("  - {http: 'http://127.0.0.1:1/'}\n", False),
        ("  - {restart: client2}\n", False),
        ("  - parallel: {a: [{wait: 1s}, {pause: client2}, {unpause: client2}]}\n", False),
    ],
)
def test_what_needs_labs_of_its_own(step: str, kept: bool, labs: Labs, tmp_path: Path) -> None:
    """A run that leaves something behind is played in a new lab, and the one that was kept is removed before."""
    plan = checked(tmp_path, step)
    assert leaves_no_trace(plan) == kept
    with labs.kept:
        labs.play(checked(tmp_path, WAIT))
        labs.play(plan)
    assert labs.log[:4] == ["up call", "run call", *(["run call", "down call"] if kept else ["down call", "run -"])]


def test_a_lab_of_somebody_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One that was up before is used and left up."""
    labs = Labs(monkeypatch, "call")
    with labs.kept:
        labs.play(checked(tmp_path, WAIT))
    assert labs.log == ["run -"]


def test_its_time(labs: Labs, tmp_path: Path) -> None:
    """It is replaced before it expires."""
    with labs.kept:
        labs.play(checked(tmp_path, WAIT))
        labs.clock.sleep(LIFE_S)
        labs.play(checked(tmp_path, WAIT))
        labs.clock.sleep(2 * LIFE_S)
        labs.play(checked(tmp_path, WAIT))
    assert labs.log == ["up call", "run call", "run call", "down call", "up call", "run call", "down call"]


def test_a_lab_that_does_not_start(labs: Labs, tmp_path: Path) -> None:
    """The run is inconclusive, with the reason; the next run tries again."""
    with labs.kept:
        labs.broken = True
        doubted = labs.play(checked(tmp_path, WAIT))
        labs.broken = False
        labs.play(checked(tmp_path, WAIT))
    assert (doubted.verdict, doubted.reasons) == ("inconclusive", ("no engine", "a line"))
    assert labs.log == ["up call", "run call", "down call"]

"""`scenario sweep`: what it plays, keeps, resumes and writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from synthlab.cli.stored_runs import MOST_UNSTARTED
from synthlab.control.backend import Backend
from synthlab.scenario import Plan
from synthlab.scenario.record import Record, Verdict
from synthlab.testing import FakeEngine, fake_backend

from ...gate.results import record
from ...scenario.files import write
from .command import run

pytestmark = pytest.mark.issue(16)

STEPS = "  - {set: client2, egress: {loss: '${LOSS}'}}\n  - wait: 1s\n"
MATRIX = ("--matrix", "LOSS=1%,2%", "--matrix", "sfu.version=a,b,c", "--repeat", "3")
Decide = Callable[[int], Verdict]


class Sweeping:
    """Sweeps in a folder, with a lab that decides by the number of the run since the start."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.played: list[tuple[str, str, int]] = []
        self.made_by: set[str | None] = set()
        self.decide: Decide = lambda number: "passed"
        self.backend: Backend = fake_backend()[0]
        self.file = write(folder, STEPS, top="stack: call.yaml\nvars: {LOSS: 0%}\n")
        monkeypatch.setattr("synthlab.runner.play", self._play)
        monkeypatch.chdir(folder)

    def _play(self, plan: Plan, *others: object) -> Record:
        stack = plan.scenario.stack
        version = stack.sfu.image.rpartition(":")[2] if stack.sfu and hasattr(stack.sfu, "image") else ""
        self.made_by.add(stack.made_by)
        verdict = self.decide(len(self.played) + 1)
        self.played.append((plan.scenario.vars["LOSS"], version, plan.seed))
        made = record(verdict, seed=plan.seed, reasons=("why",))
        return made if verdict != "inconclusive" else replace(made, facts={})

    def sweep(self, *options: str, matrix: Sequence[str] = MATRIX) -> int:
        self.played.clear()
        return run("scenario", "sweep", self.file, *matrix, *options, backend=self.backend)


@pytest.fixture
def sweeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sweeping:
    return Sweeping(tmp_path, monkeypatch)


def test_all_runs(sweeping: Sweeping, capsys: pytest.CaptureFixture[str]) -> None:
    """2 x 3 x 3 runs, each repetition with the next seed; variables and keys of the stack have their values."""
    sweeping.decide = lambda number: "failed" if number % 6 == 0 else "passed"
    assert sweeping.sweep("--csv", "out.csv", "--report", "out.html", "--junit", "out.xml", "--json") == 1
    cells = [(loss, version) for loss in ("1%", "2%") for version in "abc"]
    assert sweeping.played == [(*cell, seed) for seed in range(3) for cell in cells]
    out, err = capsys.readouterr()
    shown = json.loads(out)
    assert [one["failed"] for one in shown["cells"]] == [0, 0, 0, 0, 0, 3]
    lines = err.splitlines()
    assert lines[0] == "LOSS=1% sfu.version=a, run 1 of 18: passed, 3.0 s"
    assert lines[1].startswith("LOSS=1% sfu.version=b, run 2 of 18, about ")
    assert lines[5].endswith(" left: failed, 3.0 s: why")
    assert len((sweeping.folder / "out.csv").read_text().splitlines()) == 19
    assert (sweeping.folder / "out.xml").read_text().count("<testsuite ") == 18
    assert "3 of 3" in (sweeping.folder / "out.html").read_text()


def test_the_table(sweeping: Sweeping, capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each combination, with what failed."""
    sweeping.decide = lambda number: "failed" if number == 2 else "passed"
    assert sweeping.sweep(matrix=["--matrix", "LOSS=1%,2%"]) == 1
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        ["LOSS", "passed", "inconclusive", "what", "failed"],
        ["1%", "1", "of", "1"],
        ["2%", "0", "of", "1", "the", "picture"],
    ]


def test_resumed(sweeping: Sweeping, capsys: pytest.CaptureFixture[str]) -> None:
    """After Ctrl-C it says how to go on; the same command plays what is left, in labs with the same mark."""

    def interrupt(number: int) -> Verdict:
        if number == 8:
            raise KeyboardInterrupt
        return "passed"

    sweeping.decide = interrupt
    assert sweeping.sweep() == 130
    assert "7 of 18 runs are kept in s.sweep.sqlite; the same command plays the others" in capsys.readouterr().err
    first = list(sweeping.played)
    sweeping.decide = lambda number: "passed"
    assert sweeping.sweep("--json") == 0
    out, err = capsys.readouterr()
    assert "7 of 18 runs are in s.sweep.sqlite already" in err
    assert len({*first, *sweeping.played}) == len(first) + len(sweeping.played) == 18
    assert len(json.loads(out)["runs"]) == 18
    assert len(sweeping.made_by) == 1
    assert sweeping.sweep() == 0
    assert sweeping.played == []


def test_inconclusive_runs_are_played_again(sweeping: Sweeping) -> None:
    """The sweep ends with status 3; the same command plays these runs again, and only them."""
    sweeping.decide = lambda number: "inconclusive" if number in (2, 5) else "passed"
    assert sweeping.sweep() == 3
    doubted = [sweeping.played[1], sweeping.played[4]]
    sweeping.decide = lambda number: "passed"
    assert sweeping.sweep() == 0
    assert sweeping.played == doubted


def test_retries(sweeping: Sweeping) -> None:
    """`--retry-inconclusive` plays a run again at once, with its seed."""
    sweeping.decide = lambda number: "inconclusive" if number == 1 else "passed"
    assert sweeping.sweep("--retry-inconclusive", "1", matrix=["--matrix", "LOSS=1%,2%"]) == 0
    assert [loss for loss, _, _ in sweeping.played] == ["1%", "1%", "2%"]


def test_an_engine_with_a_problem(sweeping: Sweeping, capsys: pytest.CaptureFixture[str]) -> None:
    """If no lab starts, the sweep ends instead of failing all runs."""
    sweeping.decide = lambda number: "inconclusive"
    assert sweeping.sweep() == 3
    assert len(sweeping.played) == MOST_UNSTARTED
    assert "3 labs in a row did not start: why" in capsys.readouterr().err


def test_another_matrix(sweeping: Sweeping, capsys: pytest.CaptureFixture[str]) -> None:
    """The file of another matrix, or of a scenario that was edited, is refused on one line; another file is not."""
    assert sweeping.sweep(matrix=["--matrix", "LOSS=1%"]) == 0
    capsys.readouterr()
    assert sweeping.sweep(matrix=["--matrix", "LOSS=1%,2%"]) == 2
    line = "--store: s.sweep.sqlite: has runs of another sweep: --matrix LOSS was 1%, not 1%,2%; "
    assert capsys.readouterr().err == f"synthlab: {line}name another file, or delete this one\n"
    assert sweeping.sweep("--store", "other.sqlite", matrix=["--matrix", "LOSS=1%,2%"]) == 0
    write(sweeping.folder, f"{STEPS}  - wait: 2s\n", top="stack: call.yaml\nvars: {LOSS: 0%}\n")
    assert sweeping.sweep(matrix=["--matrix", "LOSS=1%"]) == 2
    assert "s.yaml's content has changed" in capsys.readouterr().err


def test_a_lab_that_was_left(sweeping: Sweeping, capsys: pytest.CaptureFixture[str]) -> None:
    """A lab of a sweep that was killed is removed by the sweep that goes on; somebody else's is not."""
    assert sweeping.sweep(matrix=["--matrix", "LOSS=1%"]) == 0
    (made_by,) = sweeping.made_by
    assert made_by
    backend, _ = fake_backend("mine", "others")
    engine = cast("FakeEngine", backend.engine)
    engine.present = [
        replace(one, made_by=made_by if one.lab == "mine" else "somebody") for one in backend.engine.containers()
    ]
    sweeping.backend = backend
    capsys.readouterr()
    assert sweeping.sweep(matrix=["--matrix", "LOSS=1%"]) == 0
    assert "mine was left by a sweep that was killed, and is removed" in capsys.readouterr().err
    assert {one.lab for one in engine.containers()} == {"others"}


def test_one_lab_for_different_stacks(sweeping: Sweeping, capsys: pytest.CaptureFixture[str]) -> None:
    """A lab that is up would be used for all values of the stack, which would then have no effect: it is refused."""
    sweeping.backend = fake_backend("call")[0]
    assert sweeping.sweep() == 2
    assert sweeping.played == []
    line = "the lab 'call' would be used for all runs, but their stacks differ: take it down first with `synthlab down "
    assert line in capsys.readouterr().err
    assert sweeping.sweep("--lab", "other") == 2
    assert sweeping.sweep(matrix=["--matrix", "LOSS=1%,2%"]) == 0


def test_a_lab_of_another_stack(sweeping: Sweeping, capsys: pytest.CaptureFixture[str]) -> None:
    """One that is up is not used for runs of another stack, unless it is named."""
    sweeping.backend = fake_backend("call")[0]
    engine = cast("FakeEngine", sweeping.backend.engine)
    engine.present = [replace(one, digest="another") for one in engine.present]
    assert sweeping.sweep(matrix=["--matrix", "LOSS=1%,2%"]) == 2
    assert sweeping.played == []
    assert "the lab 'call' is up, but has no bot-1, bot-2, which call.yaml has: take it" in capsys.readouterr().err
    assert sweeping.sweep("--lab", "call", matrix=["--matrix", "LOSS=1%,2%"]) == 0


@pytest.mark.parametrize(
    ("matrix", "error"),
    [
        (["--matrix", "LOSS=1%,200%"], "'200%' is not between 0% and 100%"),
        (["--matrix", "sfu.versoin=1"], "sfu.versoin: no such key; did you mean version?"),
        (["--matrix", "clients.client3.app=bot", "--var", "LOSS=x"], "'x' is not a share"),
        (["--matrix", "profile=wpt/3h"], "no such profile 'wpt/3h'; did you mean wpt/3g?"),
        (["--matrix", "clients.client1.app.x=1"], "clients.client1.app: 'chrome' has no key x"),
    ],
)
def test_mistakes(matrix: list[str], error: str, sweeping: Sweeping, capsys: pytest.CaptureFixture[str]) -> None:
    """Every value is checked before anything is played, and no file is made."""
    assert sweeping.sweep(matrix=matrix) == 2
    assert error in capsys.readouterr().err
    assert (sweeping.played, list(sweeping.folder.glob("*.sqlite"))) == ([], [])

"""`scenario bisect`: what it plays, prints and returns. The lab is one whose break is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from synthlab.cli.commands.bisect import MOST_DOUBTED
from synthlab.scenario import Plan
from synthlab.scenario.record import Record, Verdict
from synthlab.testing import fake_backend

from ...gate.results import record
from ...scenario.files import write
from .command import run

pytestmark = pytest.mark.issue(16)

STEPS = "  - {set: client2, egress: {loss: '${LOSS}'}}\n  - wait: 1s\n"
RANGE = ("--var", "LOSS=0%..40%", "--resolution", "2%")
Decide = Callable[[float, int], Verdict]


def bisected(
    monkeypatch: pytest.MonkeyPatch, folder: Path, decide: Decide, *options: str, values: Sequence[str] = RANGE
) -> tuple[int, list[tuple[float, int]]]:
    """The exit status, and the loss (in %) and seed of each run; `decide` gets the loss and the number of the run."""
    seen: list[tuple[float, int]] = []

    def fake_play(plan: Plan, *_: object) -> Record:
        loss = float(plan.scenario.vars["LOSS"].rstrip("%"))
        seen.append((loss, plan.seed))
        verdict = decide(loss, len(seen))
        return record(verdict, seed=plan.seed, variables=plan.scenario.vars, reasons=("why",))

    monkeypatch.setattr("synthlab.runner.play", fake_play)
    file = write(folder, STEPS, top="stack: call.yaml\nvars: {LOSS: 0%}\n")
    return run("scenario", "bisect", file, *values, "--new-labs", *options, backend=fake_backend()[0]), seen


def above(limit: float) -> Decide:
    return lambda loss, _: "failed" if loss > limit else "passed"


def test_a_break(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The interval, the expectation, a row of the table for each value that was tried, and a line for each run."""
    status, seen = bisected(monkeypatch, tmp_path, above(12))
    out, err = capsys.readouterr()
    assert status == 0
    assert f"LOSS: passes at 12%, fails at 14% (95% confidence, {len(seen)} runs)\nwhat fails: the picture\n" in out
    assert {line.split()[0] for line in out.splitlines()[1:] if "why" not in line} >= {f"{loss:g}%" for loss, _ in seen}
    assert err.splitlines()[0] == "run 1: LOSS=0%: passed, 3.0 s"
    assert err.splitlines()[1] == "run 2: LOSS=40%: failed, 3.0 s: why"
    assert [seed for _, seed in seen] == list(range(len(seen)))


def test_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The interval, the curve over all values, and all runs."""
    junit = tmp_path / "out.xml"
    _, seen = bisected(monkeypatch, tmp_path, above(12), "--json", "--seed", "3", "--junit", str(junit))
    shown = json.loads(capsys.readouterr().out)
    assert {name: shown[name] for name in ("variable", "state", "passes", "fails", "confidence", "expectation")} == {
        "variable": "LOSS",
        "state": "found",
        "passes": "12%",
        "fails": "14%",
        "confidence": 0.95,
        "expectation": "the picture",
    }
    assert [(float(one["value"].rstrip("%")), one["seed"]) for one in shown["runs"]] == seen
    assert len(shown["curve"]) == 21
    assert sum(one["runs"] for one in shown["curve"]) == len(seen)
    shares = [one["expected"] for one in shown["curve"]]
    assert shares == sorted(shares)
    assert junit.read_text().count("<testsuite ") == len(seen)


def test_a_break_at_the_other_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where low values fail, the passing end is the high one."""
    bisected(monkeypatch, tmp_path, lambda loss, _: "failed" if loss < 7 else "passed")
    assert "LOSS: passes at 8%, fails at 6% (" in capsys.readouterr().out


@pytest.mark.parametrize(("verdict", "word", "status"), [("passed", "passes", 0), ("failed", "fails", 1)])
def test_no_break(
    verdict: Verdict,
    word: str,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """That is said, and what fails everywhere is a failure."""
    assert bisected(monkeypatch, tmp_path, lambda *_: verdict)[0] == status
    assert f"LOSS: {word} at both 0% and 40%: no break between them (6 runs)" in capsys.readouterr().out


def test_inconclusive_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """They are retried, count for nothing, and do not move the result."""

    def decide(loss: float, number: int) -> Verdict:
        return "inconclusive" if number % 3 == 0 else above(12)(loss, number)

    status, seen = bisected(monkeypatch, tmp_path, decide, "--retry-inconclusive", "1", "--json")
    out, err = capsys.readouterr()
    shown = json.loads(out)
    assert (status, shown["passes"], shown["fails"]) == (0, "12%", "14%")
    assert all(one["verdict"] != "inconclusive" for one in shown["runs"])
    assert sum(one["retried"] for one in shown["runs"]) == len(seen) // 3
    assert "(retry 1 of 1): " in err


def test_only_inconclusive_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The search ends soon, with status 3 and the reason."""
    status, seen = bisected(monkeypatch, tmp_path, lambda *_: "inconclusive", "--retry-inconclusive", "0")
    assert (status, len(seen)) == (3, MOST_DOUBTED)
    assert "LOSS: not found out (3 runs)\nstopped: why\n" in capsys.readouterr().out


def test_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """After Ctrl-C, what is known so far is printed."""

    def decide(loss: float, number: int) -> Verdict:
        if number == 5:
            raise KeyboardInterrupt
        return above(12)(loss, number)

    status, _ = bisected(monkeypatch, tmp_path, decide, "--json")
    shown = json.loads(capsys.readouterr().out)
    assert (status, shown["state"], len(shown["runs"])) == (130, "searching", 4)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (["--var", "LOSS=5%", "--resolution", "2%"], "--var: no variable has a range; give one, such as"),
        (["--var", "LOSS=0%..5%", "--var", "B=1..2", "--resolution", "2%"], "--var: 2 variables have a range"),
        (["--var", "LOSS=0%..5%", "--var", "LOSS=3%", "--resolution", "2%"], "--var LOSS: given more than once"),
        (["--var", "LOSS=0%..5%", "--resolution", "1ms"], "--resolution: 1ms is neither a share nor"),
        (["--var", "LOST=0%..5%", "--resolution", "1%"], "--var LOST: the scenario has no such variable; did you mean"),
        (["--var", "LOSS=0%..500%", "--resolution", "50%"], "'500%' is not between 0% and 100%"),
    ],
)
def test_mistakes(
    values: list[str],
    error: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line, before anything is played."""
    assert bisected(monkeypatch, tmp_path, above(1), values=values) == (2, [])
    assert error in capsys.readouterr().err

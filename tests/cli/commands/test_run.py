"""`scenario run`: errors before anything starts, and its output."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import junitparser
import pytest

from synthlab.cli.commands.run import _exit_code, _Narrator
from synthlab.cli.console import Live
from synthlab.cli.main import main
from synthlab.scenario import Plan
from synthlab.scenario.record import Judged, Played, Record, Verdict
from synthlab.testing import FakeEngine, fake_backend

from ...scenario.files import checked, write

WAIT = "  - wait: 1s\n"


def record(verdict: Verdict, **values: object) -> Record:
    made = Record(
        scenario="s",
        file="s.yaml",
        stack="call.yaml",
        lab="call",
        seed=7,
        started="2026-01-01T00:00:00+00:00",
        duration_s=1.0,
        verdict=verdict,
    )
    return replace(made, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["passed", "passed"], 0),
        (["passed", "inconclusive"], 3),
        (["inconclusive", "failed", "passed"], 1),
        (["failed", "wrong use"], 2),
    ],
)
def test_exit_status(verdicts: list[Verdict], code: int) -> None:
    """The most severe verdict decides: failed outweighs inconclusive."""
    assert _exit_code([record(verdict) for verdict in verdicts]) == code


def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each invalid scenario is reported, in JUnit and JSON too, and none is run."""
    bad, junit = write(tmp_path, "  - set: cleint2\n"), tmp_path / "out.xml"
    backend, apis = fake_backend("call")
    assert main(["scenario", "run", "elevator", bad, "no-such", "--junit", str(junit), "--json"], backend) == 2
    output = capsys.readouterr()
    assert "s.yaml:3: " in output.err
    assert "no-such: no such scenario file" in output.err
    assert [one["verdict"] for one in json.loads(output.out)["records"]] == ["wrong use", "wrong use"]
    assert len(list(junitparser.JUnitXml.fromfile(str(junit)))) == 2
    assert all(api.asked == 0 for api in apis.values())


def test_no_report_of_what_was_not_played(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in a scenario is one line and exit status 2; there is no page."""
    bad, report = write(tmp_path, WAIT, top="stack: {clients: {client1: {app: chrom}}}\n"), tmp_path / "out.html"
    assert main(["scenario", "run", bad, "--report", str(report)], fake_backend("call")[0]) == 2
    line = "1: stack: a mapping is not the name of a stack file, such as call.yaml; a stack needs a file of its own"
    assert capsys.readouterr().err == f"synthlab: {bad}:{line}\n"
    assert not report.exists()


@pytest.mark.parametrize("flag", ["--junit", "--report"])
def test_a_file_that_cannot_be(flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be written is reported before anything starts."""
    backend, apis = fake_backend("call")
    file = tmp_path / "no" / "out"
    assert main(["scenario", "run", write(tmp_path, WAIT), flag, str(file)], backend) == 2
    assert f"{flag}: {file}: no such folder: {file.parent}" in capsys.readouterr().err
    assert all(api.asked == 0 for api in apis.values())


def played(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *options: str, verdicts: Sequence[Verdict] = ("passed",)
) -> tuple[int, list[tuple[str, int]]]:
    """The status of runs on a missing lab, and each run's name and seed, with verdicts in order."""
    seen: list[tuple[str, int]] = []

    def fake_play(plan: Plan, *others: object) -> Record:
        seen.append((str(others[-1]), plan.seed))
        return record(verdicts[(len(seen) - 1) % len(verdicts)], scenario=plan.scenario.name, seed=plan.seed)

    monkeypatch.setattr("synthlab.runner.play", fake_play)
    file = write(folder, WAIT, top="stack: call.yaml\nseed: 42\n")
    return main(["scenario", "run", file, *options], fake_backend()[0]), seen


@pytest.mark.issue(10)
def test_each_repetition_has_a_seed_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The scenario's, or the one given, and those that follow; each is in terminal, JSON, JUnit file and report."""
    junit, report = tmp_path / "out.xml", tmp_path / "out.html"
    files = ["--junit", str(junit), "--report", str(report), "--json"]
    assert played(monkeypatch, tmp_path, "--repeat", "3", *files) == (0, [("s-1", 42), ("s-2", 43), ("s-3", 44)])
    out, err = capsys.readouterr()
    assert [line for line in err.splitlines() if "seed" in line] == [
        f"s ({number} of 3), seed {41 + number}" for number in (1, 2, 3)
    ]
    assert [one["seed"] for one in json.loads(out)["records"]] == [42, 43, 44]
    assert [seed for seed in (42, 43, 44) if f'<property name="seed" value="{seed}"' in junit.read_text()] == [
        42,
        43,
        44,
    ]
    assert all(f">{seed}<" in report.read_text() for seed in (42, 43, 44))
    assert played(monkeypatch, tmp_path, "--seed", str(2**63 - 1), "--repeat", "2")[1][1] == ("s-2", 0)


@pytest.mark.issue(10)
@pytest.mark.parametrize(
    ("verdicts", "status", "times"),
    [
        (["inconclusive", "inconclusive", "passed"], 0, 3),
        (["inconclusive", "failed"], 1, 2),
        (["passed"], 0, 1),
        (["inconclusive"], 3, 3),
    ],
)
def test_retries(
    verdicts: list[Verdict],
    status: int,
    times: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An inconclusive run is retried with its seed, up to the limit; the last verdict counts."""
    done, seen = played(monkeypatch, tmp_path, "--retry-inconclusive", "2", "--json", verdicts=verdicts)
    assert (done, seen) == (status, [("s", 42), ("s-retry-1", 42), ("s-retry-2", 42)][:times])
    (answer,) = json.loads(capsys.readouterr().out)["records"]
    assert answer["retried"] == times - 1


def test_another_lab(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lab that lacks a client of the scenario is not used."""
    backend, _ = fake_backend("call")
    assert main(["scenario", "run", write(tmp_path, WAIT), "--lab", "call"], backend) == 2
    assert "lab 'call' has no client bot-1, which" in capsys.readouterr().err


def test_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line per step and expectation with its time; at the end the reasons, and the evidence folder."""
    from rich.console import Console

    narrator = _Narrator(Live(Console(width=200, stderr=True), None), checked(tmp_path, WAIT))
    narrator.progress("healthy: 1/2")
    narrator.progress("healthy: 1/2")
    narrator.step(Played(id="1", kind="set", text="set client2", place="s.yaml:3", planned_s=1.0, mark="a cut"))
    narrator.step(Played(id="2", kind="exec", text="exec 'no'", place="s.yaml:4", planned_s=2.0, error="status 1"))
    narrator.judging(3_000_000_000, "recovers a", "a = 0")
    ruling = Judged(id="3", kind="recovers", text="recovers a", place="s.yaml:5", verdict="passed", reason="a = 1")
    narrator.judged(replace(ruling, decided_s=4.0, took_s=2.0, error_s=0.9, within_s=9.0))
    evidence = {"packets": "there/s/captures/a", "log": "there/s/logs/b"}
    narrator.end(record("failed", reasons=("s.yaml:4: exec 'no': status 1",), evidence=evidence))
    assert capsys.readouterr().err.splitlines() == [
        "healthy: 1/2",
        "    1.0 s  set client2  # a cut",
        "    2.0 s  exec 'no': status 1",
        "    4.0 s    passed, recovered after 2.0 s (-0.9 s, +0 s): a = 1",
        "  s.yaml:4: exec 'no': status 1",
        "  evidence: there/s",
        "failed: s, 1.0 s",
    ]


@pytest.mark.issue(16)
def test_a_lab_of_another_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is played, not even a scenario before it, if the lab that would be used is of another stack."""
    monkeypatch.setattr("synthlab.runner.play", lambda *_: pytest.fail("it is played"))
    (tmp_path / "fine").mkdir()
    fine = write(tmp_path / "fine", WAIT, stack="name: fine\nclients: {client1: {app: bot}}\nsfu: {app: janus}\n")
    file = write(tmp_path, WAIT)
    backend = fake_backend("call")[0]
    engine = cast("FakeEngine", backend.engine)
    engine.present = [replace(one, digest="another") for one in engine.present]
    assert main(["scenario", "run", fine, file], backend) == 2
    line = (
        "the lab 'call' is up, but has no bot-1, bot-2, which call.yaml has: take it down with `synthlab down call`, "
    )
    assert capsys.readouterr().err == f"synthlab: {line}or use it all the same with --lab call\n"


@pytest.mark.issue(16)
def test_a_value_of_the_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--var takes dotted keys of the stack, too; a variable that the scenario declares comes first."""
    plans: list[Plan] = []

    def fake_play(plan: Plan, *_: object) -> Record:
        plans.append(plan)
        return record("passed")

    monkeypatch.setattr("synthlab.runner.play", fake_play)
    file = write(tmp_path, WAIT, top="stack: call.yaml\nvars: {profile: 1}\n")
    values = ["--var", "clients.client2.headless=true", "--var", "profile=2"]
    assert main(["scenario", "run", file, *values], fake_backend()[0]) == 0
    (plan,) = plans
    assert plan.scenario.vars == {"profile": "2", "clients.client2.headless": "true"}
    assert [client.headless for client in plan.scenario.stack.clients[:2]] == [False, True]
    assert main(["scenario", "check", file, *values], fake_backend()[0]) == 0
    assert main(["scenario", "run", file, "--var", "clients.client2.headles=true"], fake_backend()[0]) == 2
    assert "headles: no such key; did you mean headless?" in capsys.readouterr().err

"""`scenario run`: what is refused before anything starts, and what is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import junitparser
import pytest

from synthlab.cli import main
from synthlab.commands.play import _exit_code, _Narrator
from synthlab.console import Live
from synthlab.fakes import fake_world
from synthlab.scenario.record import Judged, Played, Record, Verdict

from ..scenario.files import checked, write

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
    """That of the gravest verdict: what was failed weighs more than what nobody knows."""
    assert _exit_code([record(verdict) for verdict in verdicts]) == code


def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each scenario that is wrong is told, in JUnit and JSON as well, and none is played."""
    bad, junit = write(tmp_path, "  - set: cleint2\n"), tmp_path / "out.xml"
    world, apis = fake_world("call")
    assert main(["scenario", "run", "elevator", bad, "no-such", "--junit", str(junit), "--json"], world) == 2
    told = capsys.readouterr()
    assert "s.yaml:3: " in told.err
    assert "no-such: no such scenario file" in told.err
    assert [one["verdict"] for one in json.loads(told.out)["records"]] == ["wrong use", "wrong use"]
    assert len(list(junitparser.JUnitXml.fromfile(str(junit)))) == 2
    assert all(api.asked == 0 for api in apis.values())


@pytest.mark.parametrize("flag", ["--junit", "--report"])
def test_a_file_that_cannot_be(flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A place where nothing can be written is told before anything starts."""
    world, apis = fake_world("call")
    file = tmp_path / "no" / "out"
    assert main(["scenario", "run", write(tmp_path, WAIT), flag, str(file)], world) == 2
    assert f"{flag}: {file}: there is no folder {file.parent}" in capsys.readouterr().err
    assert all(api.asked == 0 for api in apis.values())


def test_another_lab(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lab that lacks a client of the scenario is not used."""
    world, _ = fake_world("call")
    assert main(["scenario", "run", write(tmp_path, WAIT), "--lab", "call"], world) == 2
    assert "the lab 'call' has no bot-1, which" in capsys.readouterr().err


def test_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each step and each expectation, with its time; and at the end why, and where the evidence is."""
    from rich.console import Console

    narrator = _Narrator(Live(Console(width=200, stderr=True), None), checked(tmp_path, WAIT))
    narrator.tell("healthy: 1/2")
    narrator.tell("healthy: 1/2")
    narrator.step(Played(id="1", kind="set", text="set client2", place="s.yaml:3", planned_s=1.0, mark="a cut"))
    narrator.step(Played(id="2", kind="exec", text="exec 'no'", place="s.yaml:4", planned_s=2.0, error="status 1"))
    narrator.judging(3.0, "recovers a", "a = 0")
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

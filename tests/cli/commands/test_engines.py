"""`--engines` of `scenario run` and `sweep`: mistakes, engines that do not answer, and what each run is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from synthlab.cli.commands.engines import complete_engines, make_ready
from synthlab.cli.main import main
from synthlab.cli.run_queue import Run
from synthlab.engine.named_engine import NamedEngine
from synthlab.errors import WrongUse
from synthlab.runner import unplayed
from synthlab.scenario.record import Record, Verdict
from synthlab.testing import fake_backend

from ...engine.docker_command import docker_command
from ...scenario.files import write

pytestmark = pytest.mark.issue(14)

WAIT = "  - wait: 1s\n"
ANSWER = "echo synthlab: 24.0.7 ID name /var/lib/docker"


def refused(folder: Path, capsys: pytest.CaptureFixture[str], *options: str, status: int = 2) -> list[str]:
    """The lines of a command that ends with this status before any run."""
    assert main(["scenario", "run", write(folder, WAIT), *options], fake_backend()[0]) == status
    return capsys.readouterr().err.splitlines()


def test_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It cannot be shared; several scenarios can."""
    (line,) = refused(tmp_path, capsys, "--engines", "ssh://a,ssh://b")
    assert line == "synthlab: --engines: one run cannot be shared: give --repeat 2 or more, or several scenarios"
    (line,) = refused(tmp_path, capsys, "elevator", "--engines", "ssh://a,ssh://a")
    assert line == "synthlab: --engines: ssh://a is given more than once"


def test_mistakes_in_scenarios_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No engine is asked for a scenario that cannot be played."""
    docker_command(tmp_path, monkeypatch, "echo asked >> $0.log; exit 1")
    lines = refused(tmp_path, capsys, "no-such", "--engines", "ssh://a,ssh://b")
    assert lines[0].startswith("synthlab: no-such: no such scenario file")
    assert not (tmp_path / "docker.log").exists()


def test_engines_that_do_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each has a line, and nothing is played; neither is anything on an engine that is too old."""
    script = (
        f"case $DOCKER_HOST in *new) {ANSWER};; *old) echo synthlab: 19.03.1 B c /d;; *) echo No route.; exit 1;; esac"
    )
    docker_command(tmp_path, monkeypatch, script)
    engines = "ssh://a,ssh://new,ssh://b,ssh://old"
    assert refused(tmp_path, capsys, "--engines", engines, "--repeat", "4", status=3) == [
        "synthlab: ssh://a: No route.",
        "synthlab: ssh://b: No route.",
        "synthlab: ssh://old: engine 19.03.1 is too old; 20.10 is required",
    ]


def test_two_names_of_one_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are refused: two runs at once would be in each other's way."""
    docker_command(tmp_path, monkeypatch, ANSWER)
    with pytest.raises(WrongUse, match=r"^--engines: ssh://a and b are the same engine$"):
        make_ready([NamedEngine("ssh://a"), NamedEngine("b")], [])


def played(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str
) -> tuple[int, dict[int, tuple[str, Sequence[str]]]]:
    """The status of passed runs on two engines, and the engine and arguments of each run by its number."""
    docker_command(folder, monkeypatch, 'echo "synthlab: 24.0.7 ID $DOCKER_HOST /var/lib/docker"')
    told: dict[int, tuple[str, Sequence[str]]] = {}

    def play(run: Run, engine: NamedEngine, arguments: Sequence[str]) -> Record:
        told[run.number] = engine.name, arguments
        return replace(unplayed(run.plan), verdict="passed", facts={"kernel": "6.1"})

    monkeypatch.setattr("synthlab.cli.shared_runs.play_apart", play)
    file = write(folder, WAIT, top="stack: call.yaml\nseed: 42\nvars: {A: 1}\n")
    # With --lab, no image is built.
    shared = ["--engines", "ssh://a", "--engines", "ssh://b", "--lab", "mine"]
    return main(["scenario", "run", file, *shared, *options], fake_backend()[0]), told


def test_what_a_run_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its seed, a folder of its own for evidence, and all that was asked for of each run."""
    options = ["--var", "A=2", "--stack", "call.yaml", "--timeout", "60", "--evidence", "there"]
    status, told = played(tmp_path, monkeypatch, "--repeat", "2", "--keep-going", "--allow-host", *options)
    assert status == 0
    assert " ".join(told[1][1]) == (
        f"scenario run {tmp_path}/s.yaml --json --var A=2 --stack call.yaml --seed 43 --evidence there/s-2 "
        "--timeout 60.0 --lab mine --keep-going --allow-host"
    )
    assert told[0][1][told[0][1].index("--seed") + 1] == "42"


def test_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """All runs are in their order in JSON, JUnit and report, each with its engine; a line counts them."""
    junit, page = tmp_path / "out.xml", tmp_path / "out.html"
    files = ["--json", "--junit", str(junit), "--report", str(page)]
    status, told = played(tmp_path, monkeypatch, "--repeat", "5", *files)
    assert status == 0
    out, err = capsys.readouterr()
    engines = [told[number][0] for number in range(5)]
    records = json.loads(out)["records"]
    assert [(one["seed"], one["facts"]["engine name"]) for one in records] == [
        (42 + number, engine) for number, engine in enumerate(engines)
    ]
    counts = ", ".join(f"{engine} {engines.count(engine)}" for engine in dict.fromkeys(engines))
    assert err.splitlines()[-3:-1] == ["5 passed", f"runs per engine: {counts}"]
    for engine in engines:
        assert f'<property name="engine name" value="{engine}"' in junit.read_text()
        assert f"<td>{engine}" in page.read_text()


class Sweeping:
    """Sweeps on two engines in a folder; `told` are each run's arguments by its number, `verdicts` what it comes to."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        docker_command(folder, monkeypatch, 'echo "synthlab: 24.0.7 ID $DOCKER_HOST /var/lib/docker"')
        monkeypatch.chdir(folder)
        monkeypatch.setattr("synthlab.cli.shared_runs.play_apart", self._play)
        self.told: dict[int, str] = {}
        self.engines: set[str] = set()
        self.verdicts: dict[int, Verdict] = {}
        write(folder, WAIT, top="stack: call.yaml\nseed: 42\nvars: {A: 1, B: 2}\n")

    def _play(self, run: Run, engine: NamedEngine, arguments: Sequence[str]) -> Record:
        assert run.number not in self.told or run.retry
        self.told[run.number] = " ".join(arguments)
        self.engines.add(engine.name)
        verdict = self.verdicts.pop(run.number, "passed")
        return replace(unplayed(run.plan), verdict=verdict, facts={"kernel": "6.1"}, variables=run.plan.scenario.vars)

    def sweep(self, *options: str) -> int:
        self.told.clear()
        # With --lab, no image is built.
        shared = ["--engines", "ssh://a,ssh://b", "--lab", "mine"]
        matrix = ["--matrix", "A=3,4", "--matrix", "sfu.version=v1", "--repeat", "2", "--var", "B=5"]
        return main(["scenario", "sweep", "s.yaml", *matrix, *shared, *options], fake_backend()[0])


@pytest.mark.issue(16)
def test_a_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Each run is told its values, of variables and of the stack; all are kept, and none is played again."""
    sweeping = Sweeping(tmp_path, monkeypatch)
    assert sweeping.sweep("--json") == 0
    assert sorted(sweeping.told) == [0, 1, 2, 3]
    assert sweeping.told[3] == (
        "scenario run s.yaml --json --var B=5 --var A=4 --var sfu.version=v1 --seed 43 "
        "--evidence synthlab-evidence/s-4 --timeout 120.0 --lab mine"
    )
    shown = json.loads(capsys.readouterr().out)
    assert [(one["values"]["A"], one["seed"]) for one in shown["runs"]] == [("3", 42), ("4", 42), ("3", 43), ("4", 43)]
    assert sweeping.sweep() == 0
    assert sweeping.told == {}
    assert "4 of 4 runs are in s.sweep.sqlite already" in capsys.readouterr().err


@pytest.mark.issue(16)
def test_a_sweep_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With what was inconclusive; an inconclusive run is retried at once, if asked for."""
    sweeping = Sweeping(tmp_path, monkeypatch)
    sweeping.verdicts = {2: "inconclusive"}
    assert sweeping.sweep() == 3
    assert sweeping.sweep() == 0
    assert list(sweeping.told) == [2]
    (tmp_path / "s.sweep.sqlite").unlink()
    sweeping.verdicts = {1: "inconclusive"}
    assert sweeping.sweep("--retry-inconclusive", "1") == 0
    assert sweeping.told[1].count("s-2-retry-1") == 1
    assert sweeping.sweep("--one-lab") == 2
    assert "--one-lab: not together with --engines, on which each run has a lab of its own" in capsys.readouterr().err


def test_completion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contexts that are not yet in the list complete its last word."""
    docker_command(tmp_path, monkeypatch, "echo default; echo big; echo bigger")
    assert complete_engines("b") == ["big", "bigger"]
    assert complete_engines("ssh://a,big,") == ["ssh://a,big,default", "ssh://a,big,bigger"]

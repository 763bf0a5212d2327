"""Sharing runs among engines: who plays what, and what happens if an engine is lost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from synthlab.cli.run_queue import Run, runs_of
from synthlab.cli.shared_runs import SharedRuns, play_apart
from synthlab.engine.named_engine import NamedEngine
from synthlab.engine.process import run_program
from synthlab.errors import WrongUse
from synthlab.runner import unplayed
from synthlab.scenario.record import Record, Verdict

from ..engine.docker_command import docker_command
from ..scenario.files import checked, write

pytestmark = pytest.mark.issue(14)

A, B = NamedEngine("ssh://a"), NamedEngine("ssh://b")


def runs(folder: Path, repeat: int, retries: int = 0) -> list[Run]:
    return list(runs_of(["s.yaml"], [checked(folder, "  - wait: 1s\n")], repeat, retries))


def judged(run: Run, verdict: Verdict = "passed") -> Record:
    """The record of a lab that was up."""
    return replace(unplayed(run.plan), verdict=verdict, facts={"kernel": "6.1"})


def shared(plays: list[Run], play: Callable[[Run, NamedEngine], Record]) -> dict[int, Record]:
    """The records, by number, of all runs played on both engines."""
    sharing = SharedRuns(plays, play)
    sharing.play([A, B])
    return sharing.records


def test_a_slow_engine_holds_nobody_up(tmp_path: Path) -> None:
    """While it plays one run, the other engine plays all others; each run has its own seed, wherever it is played."""
    others = Event()
    played = Counter[str]()

    def play(run: Run, engine: NamedEngine) -> Record:
        played[engine.name] += 1
        if engine == A:
            assert others.wait(10)
        elif played[B.name] == 5:
            others.set()
        return judged(run)

    records = shared(runs(tmp_path, 6), play)
    assert played == {A.name: 1, B.name: 5}
    assert [records[number].seed for number in range(6)] == [run.plan.seed for run in runs(tmp_path, 6)]
    assert Counter(record.engine for record in records.values()) == played


def test_retries(tmp_path: Path) -> None:
    """An inconclusive run is played again, also by the other engine; the last verdict counts."""

    def play(run: Run, _: NamedEngine) -> Record:
        return judged(run, "passed" if run.retry == 2 else "inconclusive")

    records = shared(runs(tmp_path, 2, retries=2), play)
    assert [(record.verdict, record.retried) for record in records.values()] == [("passed", 2)] * 2
    records = shared(runs(tmp_path, 2, retries=1), play)
    assert [(record.verdict, record.retried) for record in records.values()] == [("inconclusive", 1)] * 2


def test_a_lost_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its run is inconclusive and names it, and it gets no other."""
    docker_command(tmp_path, monkeypatch, "echo Connection refused. >&2; exit 1")
    lost = Event()

    def play(run: Run, engine: NamedEngine) -> Record:
        if engine == A:
            lost.set()
            return unplayed(run.plan, "the engine does not answer")
        assert lost.wait(10)
        return judged(run)

    records = shared(runs(tmp_path, 5), play)
    (of_a,) = [record for record in records.values() if record.engine == A.name]
    assert of_a.verdict == "inconclusive"
    assert of_a.reasons == ("the engine was lost: ssh://a: Connection refused.", "the engine does not answer")
    assert Counter(record.verdict for record in records.values()) == {"passed": 4, "inconclusive": 1}
    assert capsys.readouterr().err == f"ssh://a gets no more runs: {of_a.reasons[0]}\n"


def test_a_lost_run_is_retried_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a retry left, the other engine plays the run of the engine that was lost."""
    docker_command(tmp_path, monkeypatch, "echo Connection refused. >&2; exit 1")
    lost = Event()

    def play(run: Run, engine: NamedEngine) -> Record:
        if engine == A:
            lost.set()
            return unplayed(run.plan, "the engine does not answer")
        assert lost.wait(10)
        return judged(run)

    records = shared(runs(tmp_path, 3, retries=1), play)
    assert Counter((record.verdict, record.engine, record.retried) for record in records.values()) == {
        ("passed", B.name, 0): 2,
        ("passed", B.name, 1): 1,
    }


def test_all_engines_are_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remaining runs are inconclusive, and say why they were not played."""
    docker_command(tmp_path, monkeypatch, "echo Connection refused. >&2; exit 1")
    records = shared(runs(tmp_path, 4, retries=1), lambda run, _: unplayed(run.plan, "it does not answer"))
    assert sorted(records) == [0, 1, 2, 3]
    assert {record.verdict for record in records.values()} == {"inconclusive"}
    reasons = [record.reasons[0] for record in records.values() if not record.engine]
    assert reasons
    for reason in reasons:
        assert reason.startswith("not played, because no engine is left: the engine was lost: ssh://")


def test_an_engine_on_which_nothing_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers, but gets no more runs after two labs in a row that did not start: the other engine plays the rest."""
    docker_command(tmp_path, monkeypatch, "echo synthlab: 24.0.7 ID name /var/lib/docker")
    given_up = Event()
    tried = Counter[str]()

    def play(run: Run, engine: NamedEngine) -> Record:
        tried[engine.name] += 1
        if engine == B:
            assert given_up.wait(10)
            return judged(run)
        if tried[A.name] in (1, 3, 4):
            if tried[A.name] == 4:
                given_up.set()
            return unplayed(run.plan, "no space left on device")
        return judged(run)

    records = shared(runs(tmp_path, 8), play)
    assert tried == {A.name: 4, B.name: 4}
    reasons = [record.reasons for record in records.values() if record.verdict == "inconclusive"]
    assert reasons == [("no space left on device",)] * 3


def test_an_error_ends_all(tmp_path: Path) -> None:
    """On wrong use the run on the other engine is stopped, too, and no other begins."""
    started = Event()

    def play(run: Run, engine: NamedEngine) -> Record:
        if engine == A:
            assert started.wait(10)
            raise WrongUse("ssh://a: lab 's' has no client client2")
        started.set()  # before the program: it is stopped while it starts, too
        run_program(["sleep", "60"])
        return judged(run)

    sharing = SharedRuns(runs(tmp_path, 9), play)
    start = time.monotonic()
    with pytest.raises(WrongUse, match="has no client"):
        sharing.play([A, B])
    assert time.monotonic() - start < 5
    assert sharing.records == {}


def test_wrong_use_in_a_run_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the process of a run refuses is refused with the engine's name; its lines are shown with the run's."""
    (run,) = runs(tmp_path, 1)
    with pytest.raises(WrongUse, match=r"^ssh://a: no-such: no such scenario file"):
        play_apart(run, A, ["scenario", "run", "no-such", "--json"])
    assert capsys.readouterr().err.startswith("s on ssh://a: synthlab: no-such: no such scenario file")


def test_a_run_without_results(tmp_path: Path) -> None:
    """A process that ends without results makes the run inconclusive, with its last error."""
    (run,) = runs(tmp_path, 1)
    engine = NamedEngine(f"unix://{tmp_path}/docker.sock")
    record = play_apart(run, engine, ["scenario", "run", write(tmp_path, "  - wait: 1s\n"), "--json"])
    assert (record.verdict, record.facts, record.seed) == ("inconclusive", {}, run.plan.seed)
    assert record.reasons[0].startswith("the Docker engine does not answer")

"""`scenario compare`: what it plays for each side, prints, writes and returns."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import cast

import pytest

from synthlab.engine.images import LocalImage
from synthlab.engine.process import Finished
from synthlab.report import results_text
from synthlab.scenario import Plan
from synthlab.scenario.record import Record, Verdict
from synthlab.testing import FakeEngine, fake_backend

from ...gate.results import record
from ...scenario.files import write
from .command import run

pytestmark = pytest.mark.issue(16)

STEPS = "  - {set: client2, egress: {loss: '${LOSS}'}}\n  - wait: 1s\n"
STACK = "sfu: {image: 'acme/sfu:1', url: 'http://{sfu}/'}\nclients: {client1: {app: chrome}, client2: {app: chrome}}\n"


class Comparing:
    """Comparisons in a folder. `fps_of` says what a plan comes to; `played` is what distinguishes the runs."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.random = Random(1)
        self.played: list[tuple[str, str, int]] = []
        self.fps_of: Callable[[Plan], float] = lambda plan: 20.0
        self.verdict: Verdict = "passed"
        self.at_run: dict[int, Callable[[], None]] = {}
        self.backend = fake_backend()[0]
        self.made_by: set[str | None] = set()
        self.file = write(folder, STEPS, top="stack: call.yaml\nvars: {LOSS: 0%}\n", stack=STACK)
        (folder / "other.yaml").write_text(STACK.replace("acme/sfu:1", "acme/sfu:9"))
        monkeypatch.setattr("synthlab.runner.play", self._play)
        monkeypatch.chdir(folder)

    def _play(self, plan: Plan, *_: object) -> Record:
        self.at_run.pop(len(self.played) + 1, lambda: None)()
        self.made_by.add(plan.scenario.stack.made_by)
        self.played.append((plan.scenario.vars["LOSS"], _image(plan), plan.seed))
        return record(self.verdict, fps=self.random.gauss(self.fps_of(plan), 1), seed=plan.seed, reasons=("why",))

    def compare(self, *arguments: str, scenario: bool = True) -> int:
        named = ("--scenario", self.file) if scenario else ()
        return run("scenario", "compare", *arguments, *named, backend=self.backend)


def _image(plan: Plan) -> str:
    return str(getattr(plan.scenario.stack.sfu, "image", ""))


@pytest.fixture
def comparing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Comparing:
    return Comparing(tmp_path, monkeypatch)


def test_in_turns(comparing: Comparing, capsys: pytest.CaptureFixture[str]) -> None:
    """BASE NEW, NEW BASE, ...; both runs of a pair have the same seed; equal code passes."""
    assert comparing.compare("LOSS=1%", "LOSS=2%") == 0
    assert [loss for loss, _, _ in comparing.played] == ["1%", "2%", "2%", "1%"] * 4
    assert [seed for _, _, seed in comparing.played] == [number // 2 for number in range(16)]
    out, err = capsys.readouterr()
    assert err.splitlines()[0] == "s, BASE LOSS=1%, run 1 of 16: passed, 3.0 s"
    assert err.splitlines()[2].startswith("s, NEW LOSS=2%, run 3 of 16, about ")
    assert out.splitlines()[-1] == "no regression"


@pytest.mark.parametrize(
    ("base", "new", "images"),
    [
        ("acme/sfu:1", "acme/sfu:2", ["acme/sfu:1", "acme/sfu:2"]),
        ("sfu.image=acme/sfu:3", "sfu.image=other:4", ["acme/sfu:3", "other:4"]),
        ("call.yaml", "other.yaml", ["acme/sfu:1", "acme/sfu:9"]),
    ],
)
def test_what_is_compared(base: str, new: str, images: list[str], comparing: Comparing) -> None:
    """Tags of an image of the stack, keys of the stack, stacks."""
    assert comparing.compare(base, new, "--runs", "6") in (0, 3)
    assert [image for _, image, _ in comparing.played[:4]] == [*images, *images[::-1]]


def test_commands(comparing: Comparing, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is run before each run of its side; one that fails ends the comparison."""
    assert comparing.compare("--command", "echo a >>log", "echo b >>log", "--runs", "6") in (0, 3)
    assert (comparing.folder / "log").read_text().split() == ["a", "b", "b", "a"] * 3
    assert comparing.compare("--command", "true", "exit 7") == 3
    assert "exit 7: ended with status 7" in capsys.readouterr().err


def test_a_regression(
    comparing: Comparing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1, a row that says so, and Markdown in the file and in the job's summary, which keeps what it has."""
    summary = comparing.folder / "summary"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    comparing.fps_of = lambda plan: 20.0 if _image(plan).endswith(":1") else 14.0
    assert comparing.compare("acme/sfu:1", "acme/sfu:2", "--markdown", "out.md") == 1
    out = capsys.readouterr().out
    (row,) = [line for line in out.splitlines() if "client1.video.client2.fps" in line]
    assert row.endswith("regression")
    assert out.splitlines()[-1] == "1 regression"
    text = (comparing.folder / "out.md").read_text()
    assert text.startswith("### acme/sfu:1 and acme/sfu:2: 1 regression")
    assert summary.read_text() == f"before\n{text}"
    assert comparing.compare("acme/sfu:1", "acme/sfu:2", "--limit", "60", "--json") == 0
    assert json.loads(capsys.readouterr().out)["regressions"] == 0


def test_inconclusive(comparing: Comparing, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing can be judged, nothing is said about the code: status 3, after the retries."""
    comparing.verdict = "inconclusive"
    assert comparing.compare("LOSS=1%", "LOSS=2%", "--runs", "6", "--retry-inconclusive", "1") == 3
    assert len(comparing.played) == 24
    assert "s: too few judged runs for a difference to show" in capsys.readouterr().out


def interrupt() -> None:
    raise KeyboardInterrupt


def test_resumed(comparing: Comparing, capsys: pytest.CaptureFixture[str]) -> None:
    """After Ctrl-C the same command plays the pairs that are not complete; at the end there is no file."""
    comparing.at_run[8] = interrupt
    assert comparing.compare("LOSS=1%", "LOSS=2%") == 130
    assert "7 of 16 runs are kept in s.compare.sqlite; the same command plays the others" in capsys.readouterr().err
    assert len(comparing.played) == 7
    comparing.played.clear()
    assert comparing.compare("LOSS=1%", "LOSS=2%", "--json") == 0
    out, err = capsys.readouterr()
    assert "6 of 16 runs are in s.compare.sqlite already" in err
    assert [(loss, seed) for loss, _, seed in comparing.played[:2]] == [("2%", 3), ("1%", 3)]
    assert len(comparing.played) == 10
    (number, *_) = json.loads(out)["numbers"]
    assert (len(number["base"]), len(number["new"])) == (8, 8)
    assert len(comparing.made_by) == 1
    assert list(comparing.folder.glob("*.sqlite*")) == []


def test_several_scenarios_resumed(comparing: Comparing, capsys: pytest.CaptureFixture[str]) -> None:
    """A pair of one scenario that is complete is not played again because of the other's."""
    other = comparing.folder / "other"
    other.mkdir()
    second = write(other, STEPS, top="stack: call.yaml\nvars: {LOSS: 0%}\n", stack=STACK)
    comparing.at_run[4] = interrupt
    assert comparing.compare("LOSS=1%", "LOSS=2%", "--scenario", second) == 130
    comparing.played.clear()
    assert comparing.compare("LOSS=1%", "LOSS=2%", "--scenario", second) in (0, 3)
    assert "2 of 32 runs are in s.compare.sqlite already" in capsys.readouterr().err
    assert len(comparing.played) == 30


def test_a_pair_is_played_together(comparing: Comparing) -> None:
    """If one run of a pair could not be judged, the same command plays both again, side by side."""
    for number in range(12):
        verdict = "inconclusive" if number in (3, 6, 9) else "passed"
        comparing.at_run[number + 1] = partial(setattr, comparing, "verdict", verdict)
    options = ("LOSS=1%", "LOSS=2%", "--runs", "6", "--retry-inconclusive", "0")
    assert comparing.compare(*options) == 3
    comparing.played.clear()
    comparing.verdict = "passed"
    assert comparing.compare(*options) == 0
    assert [(loss, seed) for loss, _, seed in comparing.played] == [
        ("2%", 1),
        ("1%", 1),
        ("2%", 3),
        ("1%", 3),
        ("1%", 4),
        ("2%", 4),
    ]


def test_a_store_that_is_named(comparing: Comparing, capsys: pytest.CaptureFixture[str]) -> None:
    """It is kept, and shows the result again; one of another comparison is refused."""
    command = ("acme/sfu:1", "acme/sfu:2", "--store", "my.sqlite")
    assert comparing.compare(*command) == 0
    first = capsys.readouterr().out
    assert comparing.compare(*command) == 0
    assert (len(comparing.played), capsys.readouterr().out) == (16, first)
    assert comparing.compare("acme/sfu:1", "acme/sfu:3", "--store", "my.sqlite") == 2
    line = "--store: my.sqlite: has runs of another compare: NEW was acme/sfu:2, not acme/sfu:3; name another file, or"
    assert line in capsys.readouterr().err
    (comparing.folder / "call.yaml").write_text(STACK.replace("chrome}}", "chrome, headless: true}}"))
    assert comparing.compare(*command) == 2
    assert "call.yaml's content has changed" in capsys.readouterr().err


def test_a_lab_that_was_left(comparing: Comparing, capsys: pytest.CaptureFixture[str]) -> None:
    """A lab of a comparison that was killed is removed by the one that goes on."""
    comparing.at_run[3] = interrupt
    assert comparing.compare("LOSS=1%", "LOSS=2%") == 130
    (made_by,) = comparing.made_by
    comparing.backend, _ = fake_backend("call")
    engine = cast("FakeEngine", comparing.backend.engine)
    engine.present = [replace(one, made_by=made_by or "") for one in engine.present]
    assert comparing.compare("LOSS=1%", "LOSS=2%") == 0
    assert "call was left by a compare that was killed, and is removed" in capsys.readouterr().err
    assert engine.containers() == []


def test_stored_results(comparing: Comparing, capsys: pytest.CaptureFixture[str]) -> None:
    """Two files are compared as a trend, and nothing is played."""
    for name, fps in (("a.json", 20.0), ("b.json", 12.0)):
        records = [record(fps=comparing.random.gauss(fps, 1)) for _ in range(8)]
        (comparing.folder / name).write_text(results_text(records))
    assert comparing.compare("a.json", "b.json", scenario=False) == 1
    assert "a trend: BASE and NEW were not run side by side" in capsys.readouterr().out
    assert comparing.compare("a.json", "a.json", scenario=False) == 0
    assert comparing.compare("a.json", "b.json", "--store", "s.sqlite", scenario=False) == 2
    assert "--store: two files of results are compared as they are, and nothing is played" in capsys.readouterr().err
    assert comparing.played == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["a.json", "acme/sfu:2"],
            "of one kind: a.json is a file of results, acme/sfu:2 is an image",
        ),
        (["LOSS=1%", "RATE=2%"], "BASE and NEW set different names: LOSS=1% and RATE=2%"),
        (["LOST=1%", "LOST=2%"], "BASE and NEW: LOST: the scenario's `vars` have no such variable; did you mean LOSS?"),
        (["acme/sfu:1", "acme/sfv:2"], "BASE and NEW are tags of different images: acme/sfu and acme/sfv"),
        (["acme/sfv:1", "acme/sfv:2"], "call.yaml: has no image acme/sfv, whose tags are to be compared"),
        (["LOSS=1%", "LOSS=2%", "--runs", "5"], "--runs: 5 of each are too few for any difference to show; give at"),
        (["LOSS=1%", "LOSS=200%"], "'200%' is not between 0% and 100%"),
        (["a.json", "b.json"], "--scenario: two files of results are compared as they are, and nothing is played"),
    ],
)
def test_mistakes(arguments: list[str], error: str, comparing: Comparing, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, before anything is played."""
    assert comparing.compare(*arguments) == 2
    assert error in capsys.readouterr().err
    assert comparing.played == []


def test_one_lab_for_both_sides(comparing: Comparing, capsys: pytest.CaptureFixture[str]) -> None:
    """A lab that is up cannot have both images."""
    assert comparing.compare("acme/sfu:1", "acme/sfu:2", "--lab", "mine") == 2
    assert "the lab 'mine' would be used for all runs, but their stacks differ: leave out" in capsys.readouterr().err


def test_an_image_that_cannot_be_had(
    comparing: Comparing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Is found before anything is played, and leaves no file of runs; a command may build the images of its side."""
    engine = FakeEngine(images={"acme/sfu:1": LocalImage("id", "0")})
    monkeypatch.setattr(engine, "pull_image", lambda tag: Finished(1, (f"{tag}: not found",)))
    comparing.backend = replace(comparing.backend, engine=engine)
    assert comparing.compare("acme/sfu:1", "acme/sfu:2") == 3
    assert "the image acme/sfu:2 is not on the engine and cannot be pulled" in capsys.readouterr().err
    assert (comparing.played, list(comparing.folder.glob("*.sqlite"))) == ([], [])
    assert comparing.compare("--command", "true", "true", "--runs", "6") in (0, 3)


def test_no_scenario(comparing: Comparing, capsys: pytest.CaptureFixture[str]) -> None:
    """Something must be played."""
    assert comparing.compare("LOSS=1%", "LOSS=2%", scenario=False) == 2
    assert "--scenario: name a scenario to play, such as --scenario elevator" in capsys.readouterr().err

"""The file of many runs: what is in it after the end, after a kill, and when something else is asked of it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from synthlab.errors import WrongUse
from synthlab.gate.run_store import RunStore

from .results import record

pytestmark = pytest.mark.issue(16)

DESCRIBED = {"scenario": "s", "--matrix LOSS": "1%,2%", "scenario's content": "abc"}


def test_runs_are_kept(tmp_path: Path) -> None:
    """What was added is there when the file is opened again, unchanged; a run that is played again replaces itself."""
    file = tmp_path / "s.sqlite"
    with RunStore(file, "sweep", DESCRIBED, "first") as store:
        store.add(0, record("inconclusive"), 3.0)
        store.add(7, record("failed", fps=4.0), 5.0)
        store.add(0, record("passed", fps=[18.0, 22.0]), 5.0)
    with RunStore(file, "sweep", DESCRIBED, "second") as store:
        assert store.records() == {0: record("passed", fps=[18.0, 22.0]), 7: record("failed", fps=4.0)}
        assert store.mean_s() == 5.0
        assert store.made_by == "first"


def test_killed(tmp_path: Path) -> None:
    """After `kill -9` in the middle of a run, all runs before it are there, and the file is free."""
    file = tmp_path / "s.sqlite"
    program = (
        "import os, signal, sys; from pathlib import Path; from tests.gate.results import record\n"
        "from synthlab.gate.run_store import RunStore\n"
        f"with RunStore(Path(sys.argv[1]), 'sweep', {DESCRIBED!r}, 'first') as store:\n"
        "    store.add(0, record(), 1.0); store.add(1, record('failed'), 1.0)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(file)], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -9
    with RunStore(file, "sweep", DESCRIBED, "second") as store:
        assert {number: one.verdict for number, one in store.records().items()} == {0: "passed", 1: "failed"}


def test_one_at_a_time(tmp_path: Path) -> None:
    """A second process, or the same one, is told that the file is in use."""
    with (
        RunStore(tmp_path / "s.sqlite", "sweep", DESCRIBED, "a"),
        pytest.raises(WrongUse, match="another process is using it"),
        RunStore(tmp_path / "s.sqlite", "sweep", DESCRIBED, "b"),
    ):
        raise AssertionError


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"--matrix LOSS": "1%,3%"}, "--matrix LOSS was 1%,2%, not 1%,3%; name another file, or delete this one"),
        ({"--matrix RATE": "1mbit"}, "--matrix RATE was none, not 1mbit"),
        ({"scenario's content": "abd"}, "scenario's content has changed"),
    ],
)
def test_another_sweep(change: dict[str, str], error: str, tmp_path: Path) -> None:
    """A file with runs of another matrix is refused on one line that says what differs, and keeps its runs."""
    file = tmp_path / "s.sqlite"
    with RunStore(file, "sweep", DESCRIBED, "a") as store:
        store.add(0, record(), 1.0)
    with pytest.raises(WrongUse) as caught, RunStore(file, "sweep", DESCRIBED | change, "b"):
        raise AssertionError
    assert caught.value.message.startswith(f"--store: {file}: has runs of another sweep: {error}")
    with RunStore(file, "sweep", DESCRIBED, "a") as store:
        assert len(store.records()) == 1


def test_no_run(tmp_path: Path) -> None:
    """A file that was made for nothing is removed, one that was there is not."""
    file = tmp_path / "s.sqlite"
    with RunStore(file, "sweep", DESCRIBED, "a"):
        assert file.exists()
    assert list(tmp_path.iterdir()) == []
    file.touch()
    with RunStore(file, "sweep", DESCRIBED, "a"):
        pass
    assert file.exists()


def test_another_command(tmp_path: Path) -> None:
    """The file of a sweep is not that of a comparison; one without a run is anybody's, and its labs are known."""
    file = tmp_path / "s.sqlite"
    file.touch()
    with RunStore(file, "sweep", DESCRIBED, "a"):
        pass
    with RunStore(file, "compare", DESCRIBED, "b") as store:
        assert store.made_by == "a"
        store.add(0, record(), 1.0)
    with pytest.raises(WrongUse, match="another sweep: command was compare, not sweep; name another file"):
        RunStore(file, "sweep", DESCRIBED, "c").__enter__()


def test_over(tmp_path: Path) -> None:
    """A file that is not needed any more is removed at the end, with all that belongs to it."""
    with RunStore(tmp_path / "s.sqlite", "compare", DESCRIBED, "a") as store:
        store.add(0, record(), 1.0)
        store.discard()
        assert store.file.exists()
    assert list(tmp_path.iterdir()) == []


def test_not_a_store(tmp_path: Path) -> None:
    """Another program's file or database is refused and unchanged."""
    text, other = tmp_path / "a.txt", tmp_path / "b.sqlite"
    text.write_text("x" * 2000)
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE mine (a)")
    database.close()
    before = other.read_bytes()
    for file in (text, other):
        with pytest.raises(WrongUse, match="is not the file of a sweep"), RunStore(file, "sweep", DESCRIBED, "a"):
            raise AssertionError
    assert (text.read_text(), other.read_bytes()) == ("x" * 2000, before)
    with (
        pytest.raises(WrongUse, match=r"no/s\.sqlite: No such file"),
        RunStore(tmp_path / "no" / "s.sqlite", "sweep", {}, "a"),
    ):
        raise AssertionError

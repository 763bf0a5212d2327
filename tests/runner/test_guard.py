"""The guard of paused and stopped containers, with a `docker` that only writes down what it is asked."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from synthlab.runner.guard import Guard

pytestmark = pytest.mark.issue(10)

HOLD = """\
import time
from synthlab.runner.guard import Guard
guard = Guard(60, ["docker"])
guard.hold("one", "unpause")
guard.hold("two", "unpause")
guard.forget("two")
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which `docker` writes its arguments."""
    log, program = tmp_path / "asked", tmp_path / "docker"
    program.write_text(f"#!/bin/sh\necho $* >> {log}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return log


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def until(log: Path, expected: list[str], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while lines(log) != expected:
        assert time.monotonic() < deadline, lines(log)
        time.sleep(0.02)


def test_a_killed_player(asked: Path) -> None:
    """Killed with SIGKILL, what it holds is undone at once, and what was forgotten is not."""
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE) as player:
        assert player.stdout
        assert player.stdout.readline() == b"held\n"
        assert lines(asked) == []
        player.kill()
    until(asked, ["unpause one"])


def test_a_silent_player(asked: Path) -> None:
    """One that says nothing for the time of a lease has lost it, and is told so."""
    guard = Guard(1.5, ["docker"])
    guard.hold("one", "unpause")
    for _ in range(4):
        time.sleep(0.5)
        guard.renew()
    assert lines(asked) == []
    until(asked, ["unpause one"])
    assert guard._process is not None
    guard._process.wait(10)
    with pytest.raises(BrokenPipeError):
        guard.renew()
    guard.close()


def test_a_player_that_ends(asked: Path) -> None:
    """Whoever has let all go on leaves nothing to be done, and no process."""
    guard = Guard(60, ["docker"])
    guard.hold("one", "start")
    guard.forget("one")
    guard.close()
    assert guard._process is not None
    assert guard._process.poll() == 0
    assert lines(asked) == []

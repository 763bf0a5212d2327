"""The guard of paused and stopped containers, with a `docker` that only logs its arguments."""

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
guard = Guard(60)
guard.hold("one", ["docker", "unpause", "one"])
guard.hold("two", ["docker", "unpause", "two"])
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
    """After SIGKILL of the player, held containers are resumed immediately, forgotten ones are not."""
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE) as player:
        assert player.stdout
        assert player.stdout.readline() == b"held\n"
        assert lines(asked) == []
        player.kill()
    until(asked, ["unpause one"])


def test_a_silent_player(asked: Path) -> None:
    """A player that is silent for the time of a lease loses its holds and gets an error."""
    guard = Guard(1.5)
    guard.hold("one", ["docker", "unpause", "one"])
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
    """A player that has resumed everything leaves no work and no process."""
    guard = Guard(60)
    guard.hold("one", ["docker", "start", "one"])
    guard.forget("one")
    guard.close()
    assert guard._process is not None
    assert guard._process.poll() == 0
    assert lines(asked) == []

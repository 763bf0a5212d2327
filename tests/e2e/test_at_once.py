"""Several commands on one lab at the same moment: one wins, and nothing is left behind."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthlab.contract import BASE
from synthlab.engine.swarm_engine import SwarmEngine as Engine

from .labs import SYNTHLAB, docker, synthlab, two_ups, until
from .leftovers import leftovers

pytestmark = [pytest.mark.docker, pytest.mark.issue(10)]

LAB = "e2e-at-once"
STACK = f"""\
name: {LAB}
clients:
  one: {{image: syntheticnet, command: sleep 600}}
"""
BUSY = (f"synthlab: the lab '{LAB}' is being brought up: ", f"synthlab: the lab '{LAB}' is up already: ")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Path]:
    """A stack file; any leftover of its lab at the end is a failure."""
    assert leftovers(LAB) == []
    file = tmp_path / "one.yaml"
    file.write_text(STACK)
    yield file
    left = leftovers(LAB)
    subprocess.run([SYNTHLAB, "down", LAB], capture_output=True, check=False)
    assert left == []


def start(*arguments: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([SYNTHLAB, *arguments], stdout=pipe, stderr=pipe, text=True)


def test_a_holder_that_is_killed() -> None:
    """A lock on the engine excludes all others, does not count as a lab, and is released when its holder is killed."""
    engine = Engine()
    take = (
        f"import time; from synthlab.engine.docker_engine import Engine; Engine().lock({LAB!r}, {BASE!r}); "
        "print(1); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-uc", f"{take}; print(1); time.sleep(60)"], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"1\n"
        assert engine.lock(LAB, BASE) is None
        assert list(engine.locks()) == [LAB]
        assert LAB not in engine.labs()
        assert engine.containers(LAB) == []
        holder.kill()
    until(lambda: not engine.locks(), seconds=10)
    assert not engine.unlock(LAB)


@pytest.mark.soak
@pytest.mark.parametrize("_turn", range(20))
def test_two_ups(_turn: int, stack: Path) -> None:
    """Of two `up` at the same moment one succeeds with a complete lab; the other reports why it fails."""
    listed, result = two_ups(stack)
    assert [row["client"] for row in listed] == ["one"]
    assert result.startswith(BUSY)
    (client,) = json.loads(synthlab("ps", "--lab", LAB, "--json").stdout)
    assert (client["id"], client["health"]) == (listed[0]["id"], "healthy")
    assert synthlab("down", LAB).stdout == f"{LAB} is down: 1 container removed\n"


@pytest.mark.soak
@pytest.mark.parametrize("after_s", [turn * 0.25 for turn in range(20)])
def test_two_ups_killed(after_s: float, stack: Path) -> None:
    """Killed with SIGKILL at any time, neither leaves a lock, and `down` removes what is left."""
    processes = [start("up", str(stack)) for _ in range(2)]
    time.sleep(after_s)
    for process in processes:
        process.kill()
        process.communicate()
    until(lambda: docker("ps", "--all", "--quiet", "--filter", "label=synthlab.lock") == "", seconds=5)
    synthlab("down", LAB, status=None)
    time.sleep(2)  # the engine may still finish earlier requests


@pytest.mark.soak
@pytest.mark.parametrize("after_s", [turn * 0.25 for turn in range(20)])
def test_down_during_up(after_s: float, stack: Path) -> None:
    """`down` during `up` stops it at any time and removes everything."""
    bringing = start("up", str(stack))
    time.sleep(after_s)
    synthlab("down", LAB, status=None)
    _, result = bringing.communicate(timeout=60)
    if bringing.returncode == 0:  # `down` ran before `up` started or after it finished
        assert "is up after" in result
        synthlab("down", LAB, status=None)
    else:
        assert bringing.returncode == 3
        assert "was taken down while it was being brought up" in result


@pytest.mark.soak
@pytest.mark.parametrize("_turn", range(5))
def test_two_downs(_turn: int, stack: Path) -> None:
    """Of two `down` at the same moment both succeed, or one finds nothing left."""
    synthlab("up", str(stack))
    processes = [start("down", LAB) for _ in range(2)]
    ended = [(process.communicate(timeout=60), process.returncode) for process in processes]
    assert 0 in [status for _, status in ended], ended
    assert all(status == 0 or f"no lab '{LAB}' is up" in result for (_, result), status in ended), ended

"""Several commands at one lab at the same moment: one wins, whatever the others do, and nothing is left behind."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .labs import SYNTHLAB, docker, synthlab, until
from .leftovers import leftovers

pytestmark = [pytest.mark.docker, pytest.mark.issue(10)]

LAB = "e2e-at-once"
STACK = f"""\
name: {LAB}
clients:
  one: {{image: syntheticnet, command: sleep 600}}
"""
BUSY = (f"synthlab: the lab '{LAB}' is being brought up: ", f"synthlab: the lab '{LAB}' is up already: ")


def soaked(times: int, normal: int = 0) -> list[object]:
    """So many turns, of which only the first few are for `make test`."""
    return [pytest.param(turn, marks=() if turn < normal else pytest.mark.soak) for turn in range(times)]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Path]:
    """A stack file; whatever is left of its lab at the end is a failure."""
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


@pytest.mark.parametrize("_turn", soaked(20, normal=1))
def test_two_ups(_turn: int, stack: Path) -> None:
    """Of two that bring a lab up at the same moment one does, and its lab is whole; the other says why it does not."""
    processes = [start("up", str(stack), "--json") for _ in range(2)]
    ended = [(process.communicate(timeout=120), process.returncode) for process in processes]
    winners = [json.loads(output) for (output, _), status in ended if status == 0]
    losers = [(told.splitlines()[-1], status) for (_, told), status in ended if status != 0]
    assert [[row["client"] for row in rows] for rows in winners] == [["one"]], ended
    assert [status for _, status in losers] == [3]
    assert losers[0][0].startswith(BUSY), losers
    (client,) = json.loads(synthlab("ps", "--json").stdout)
    assert (client["id"], client["health"]) == (winners[0][0]["id"], "healthy")
    assert docker("ps", "--all", "--quiet", "--filter", "label=synthlab.lock") == ""
    assert synthlab("down", LAB).stdout == f"{LAB} is down: 1 containers removed\n"


@pytest.mark.soak
@pytest.mark.parametrize("after_s", [turn * 0.25 for turn in range(20)])
def test_two_ups_killed(after_s: float, stack: Path) -> None:
    """Both killed with SIGKILL at any time: no lock is left, and `down` removes the rest, if there is any."""
    processes = [start("up", str(stack)) for _ in range(2)]
    time.sleep(after_s)
    for process in processes:
        process.kill()
        process.communicate()
    until(lambda: docker("ps", "--all", "--quiet", "--filter", "label=synthlab.lock") == "", seconds=5)
    synthlab("down", LAB, status=None)
    time.sleep(2)  # what an engine was asked to make before may come late


@pytest.mark.soak
@pytest.mark.parametrize("after_s", [turn * 0.25 for turn in range(20)])
def test_down_beside_up(after_s: float, stack: Path) -> None:
    """`down` of a lab that is being brought up ends that, whenever it comes, and removes all."""
    bringing = start("up", str(stack))
    time.sleep(after_s)
    synthlab("down", LAB, status=None)
    _, told = bringing.communicate(timeout=60)
    if bringing.returncode == 0:  # `down` came before it had begun, or after its end
        assert "is up after" in told
        synthlab("down", LAB, status=None)
    else:
        assert bringing.returncode == 3
        assert "was taken down while it was being brought up" in told


@pytest.mark.soak
@pytest.mark.parametrize("_turn", range(5))
def test_two_downs(_turn: int, stack: Path) -> None:
    """Of two that take a lab down at the same moment both succeed, or one finds nothing any more."""
    synthlab("up", str(stack))
    processes = [start("down", LAB) for _ in range(2)]
    ended = [(process.communicate(timeout=60), process.returncode) for process in processes]
    assert 0 in [status for _, status in ended], ended
    assert all(status == 0 or f"no lab '{LAB}' is up" in told for (_, told), status in ended), ended

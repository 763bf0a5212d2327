"""`scenario sweep` on real labs: killed in the middle, and gone on with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from .labs import SYNTHLAB, synthlab, until
from .leftovers import leftovers

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.issue(16), pytest.mark.timeout(900)]

LAB = "gate-sweep"
STACK = f"""\
name: {LAB}
clients:
  client1: {{image: syntheticnet, command: sleep 3000}}
  client2: {{image: syntheticnet, command: sleep 3000}}
"""
SCENARIO = """\
stack: pair.yaml
vars: {LOSS: 1%, RATE: 1mbit}
steps:
  - {set: client2, egress: {loss: "${LOSS}", rate: "${RATE}"}}
  - {expect: client2.egress.queued < 100, within: 5s, for: 1s}
"""
MATRIX = ("--matrix", "LOSS=1%,5%", "--matrix", "RATE=1mbit,2mbit,3mbit", "--repeat", "3", "--one-lab")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pair.yaml").write_text(STACK)
    (tmp_path / "s.yaml").write_text(SCENARIO)
    return ["scenario", "sweep", "s.yaml", *MATRIX, "--retry-inconclusive", "3"]


def test_killed_in_the_middle(command: list[str], tmp_path: Path) -> None:
    """After `kill -9`, the same command removes the lab that was left, and plays what is left of 2 x 3 x 3 runs."""
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen([SYNTHLAB, *command], stdout=output, stderr=output)
        until(lambda: "run 7 of 18" in log.read_text(), seconds=200)
        process.kill()
        process.wait()
    assert leftovers(LAB) != []
    done = synthlab(*command, "--json")
    assert leftovers(LAB) == []
    kept = next(line for line in done.stderr.splitlines() if line.endswith("already"))
    before = int(kept.split()[0])
    assert 7 <= before < 18
    assert f"{LAB} was left by a sweep that was killed, and is removed" in done.stderr
    assert sum(": passed, " in line for line in done.stderr.splitlines()) == 18 - before
    shown = json.loads(done.stdout)
    assert len(shown["runs"]) == 18
    assert {(one["passed"], one["failed"]) for one in shown["cells"]} == {(3, 0)}

"""`scenario compare` on a real lab: it finds a change and its size, none between equal sides, and survives a kill."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .labs import SYNTHLAB, synthlab, until
from .leftovers import leftovers

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.issue(16), pytest.mark.timeout(900)]

LAB = "gate-compare"
STACK = f"""\
name: {LAB}
clients:
  client1: {{image: syntheticnet, command: sleep 3000}}
  client2: {{image: syntheticnet, command: sleep 3000}}
"""
SCENARIO = """\
stack: pair.yaml
vars: {LATENCY: 10ms}
steps:
  - {set: client2, egress: {latency: "${LATENCY}"}}
  - {traffic: client2, to: client1, protocol: udp, rate: 200kbit, for: 4s}
  - {at: 3s, expect: client2.egress.delay_p50 < 500ms}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pair.yaml").write_text(STACK)
    (tmp_path / "s.yaml").write_text(SCENARIO)
    return tmp_path


def command(base: str, new: str) -> list[str]:
    options = ("--runs", "6", "--one-lab", "--json", "--retry-inconclusive", "3")
    return ["scenario", "compare", f"LATENCY={base}", f"LATENCY={new}", "--scenario", "s.yaml", *options]


def compared(base: str, new: str, status: int) -> dict[str, Any]:
    """The only number of a comparison of two latencies, and what it leaves behind: nothing."""
    done = synthlab(*command(base, new), status=status)
    assert leftovers(LAB) == []
    assert list(Path().glob("*.sqlite*")) == []
    (number,) = json.loads(done.stdout)["numbers"]
    assert isinstance(number, dict)
    return number


def test_a_change() -> None:
    """3 ms more than 10 ms are a regression of about 30 %; the interval has it."""
    number = compared("10ms", "13ms", status=1)
    assert (number["worse"], number["regressed"]) == ("higher", True)
    assert number["change"] == pytest.approx(3, abs=0.5)
    low, high = number["interval"]
    assert low <= number["change"] <= high


def test_equal_sides() -> None:
    """Nothing differs."""
    number = compared("10ms", "10ms", status=0)
    assert not number["differs"]


def test_killed_in_the_middle(folder: Path) -> None:
    """After `kill -9`, the same command removes the lab that was left, and plays the pairs that are not complete."""
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen([SYNTHLAB, *command("10ms", "13ms")], stdout=output, stderr=output)
        until(lambda: "run 5 of 12" in log.read_text(), seconds=200)
        process.kill()
        process.wait()
    assert leftovers(LAB) != []
    done = synthlab(*command("10ms", "13ms"), status=1)
    assert leftovers(LAB) == []
    lines = done.stderr.splitlines()
    before = next(int(line.split()[0]) for line in lines if line.endswith("already"))
    assert before in (4, 6)
    assert f"{LAB} was left by a compare that was killed, and is removed" in lines
    assert sum(": passed, " in line for line in lines) == 12 - before
    (number,) = json.loads(done.stdout)["numbers"]
    assert (len(number["base"]), len(number["new"]), number["regressed"]) == (6, 6, True)
    assert list(folder.glob("*.sqlite*")) == []

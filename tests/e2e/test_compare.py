"""`scenario compare` on a real lab: a change that is there is found with its size, and equal sides do not differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .labs import synthlab
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


def compared(folder: Path, base: str, new: str, status: int) -> dict[str, Any]:
    """The only number of a comparison of two latencies, and what it leaves behind: nothing."""
    (folder / "pair.yaml").write_text(STACK)
    (folder / "s.yaml").write_text(SCENARIO)
    sides = (f"LATENCY={base}", f"LATENCY={new}")
    options = ("--runs", "6", "--one-lab", "--json", "--retry-inconclusive", "3")
    done = synthlab("scenario", "compare", *sides, "--scenario", str(folder / "s.yaml"), *options, status=status)
    assert leftovers(LAB) == []
    (number,) = json.loads(done.stdout)["numbers"]
    assert isinstance(number, dict)
    return number


def test_a_change(tmp_path: Path) -> None:
    """3 ms more than 10 ms are a regression of about 30 %; the interval has it."""
    number = compared(tmp_path, "10ms", "13ms", status=1)
    assert (number["worse"], number["regressed"]) == ("higher", True)
    assert number["change"] == pytest.approx(3, abs=0.5)
    low, high = number["interval"]
    assert low <= number["change"] <= high


def test_equal_sides(tmp_path: Path) -> None:
    """Nothing differs."""
    number = compared(tmp_path, "10ms", "10ms", status=0)
    assert not number["differs"]

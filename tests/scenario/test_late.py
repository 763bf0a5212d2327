"""Warnings for expectations that start when nothing is in force any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.scenario import check_scenario, late_expectations, scenario_files

from .files import checked

pytestmark = pytest.mark.issue(10)

FPS = "client1.video.client2.fps"
WAVE = "  - {wave: client2, egress: {rate: [1mbit, 2mbit]}, period: 2s, for: 12s}\n"

LATE = {
    "after a wave": WAVE + f"  - {{at: 13s, never: {FPS} < 2, for: 2s}}\n",
    "at its end": WAVE + f"  - {{at: 12s, never: {FPS} < 2, for: 2s}}\n",
    "after a lease": f"  - {{set: all, egress: {{loss: 1%}}, for: 12s}}\n  - {{at: 15s, expect: {FPS} > 2}}\n",
    "after traffic": f"  - {{traffic: client2, for: 12s}}\n  - {{at: 15s, expect: {FPS} > 2}}\n",
    "after an expectation": WAVE + f"  - {{expect: {FPS} > 1, for: 11s}}\n  - {{at: 1s, never: {FPS} < 2, for: 2s}}\n",
}


@pytest.mark.parametrize("steps", LATE.values(), ids=LATE.keys())
def test_late(steps: str, tmp_path: Path) -> None:
    """The warning has the position, when the expectation starts and when the last change ended."""
    (warning,) = late_expectations(checked(tmp_path, steps))
    assert f"s.yaml:{len(steps.splitlines()) + 2}: steps[{len(steps.splitlines()) - 1}]: starts at " in warning
    assert "has ended by 12s; start it earlier or use `recovers`" in warning


IN_TIME = {
    "beside a wave": WAVE + f"  - {{at: 1s, never: {FPS} < 2, for: 20s}}\n",
    "recovers": WAVE + f"  - {{at: 12s, recovers: {FPS} > 2, within: 9s}}\n",
    "without at": WAVE + "  - {wait: 13s}\n" + f"  - {{expect: {FPS} > 2}}\n",
    "nothing before": f"  - {{at: 3s, expect: {FPS} > 2}}\n",
    "until the end": "  - {set: client2, egress: {loss: 1%}}\n" + WAVE + f"  - {{at: 13s, expect: {FPS} > 2}}\n",
    "stopped": WAVE + f"  - {{stop: bot}}\n  - {{at: 13s, expect: {FPS} > 2}}\n",
    "reset by hand": f"  - {{set: all, egress: {{loss: 1%}}}}\n  - reset: all\n  - {{at: 3s, expect: {FPS} > 2}}\n",
}


@pytest.mark.parametrize("steps", IN_TIME.values(), ids=IN_TIME.keys())
def test_in_time(steps: str, tmp_path: Path) -> None:
    """No warning if something is still in force, nothing ever was, or it ended on purpose."""
    assert late_expectations(checked(tmp_path, steps)) == []


def test_bundled() -> None:
    """No bundled scenario has such an expectation."""
    assert [line for name in scenario_files() for line in late_expectations(check_scenario(name))] == []

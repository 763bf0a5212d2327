"""Sixty runs and more of the bundled call: how often equal code seems to differ, and the least change that is found.

SYNTHLAB_EQUAL_FILE names a file for the recorded numbers; tests/gate/test_equal_runs.py compares them again.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

import pytest

from synthlab.scenario.record import Record

from ..gate.equal_runs import MOST_ALARMS, comparisons, is_alarm, resolution, save
from .labs import synthlab
from .leftovers import leftovers

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.issue(16), pytest.mark.timeout(3600)]

LAB = "gate-equal"
RUNS, LEAST = 64, 60
"""So many are played, and at least so many must pass: an inconclusive one counts for nothing."""
STACK = f"""\
name: {LAB}
sfu: {{app: janus, version: "1.1.2"}}
clients:
  client1: {{app: chrome}}
  client2: {{app: chrome}}
"""
SCENARIO = """\
stack: call.yaml
steps:
  - {expect: client1.video.client2.fps >= 13, within: 30s, for: 1s}
  - {set: client2, egress: {loss: 3%, latency: 30ms, jitter: 5ms}}
  - wait: 1s
  - {at: 0s, mark: fps, never: client1.video.client2.fps < 2, for: 8s}
  - {at: 0s, mark: kbps, never: client1.video.client2.kbps < 5, for: 8s}
  - {at: 0s, mark: delay, never: client1.video.client2.jitter_buffer_ms > 2000, for: 8s}
"""


def test_equal_code(tmp_path: Path) -> None:
    """Of 500 comparisons of 8 runs each, drawn from 60 and more, with a lab each, at most 5 report a difference."""
    (tmp_path / "call.yaml").write_text(STACK)
    (tmp_path / "equal.yaml").write_text(SCENARIO)
    options = ("--repeat", str(RUNS), "--retry-inconclusive", "1", "--json")
    done = synthlab("scenario", "run", str(tmp_path / "equal.yaml"), *options, status=None, seconds=3000)
    assert leftovers(LAB) == []
    every = [Record.from_dict(one) for one in json.loads(done.stdout)["records"]]
    records = [one for one in every if one.verdict == "passed"]
    if kept := os.environ.get("SYNTHLAB_EQUAL_FILE"):
        save(Path(kept), records)
    print()
    for name, (middle, spread, smallest) in resolution(records, Random(16)).items():
        found = f"{smallest:.1%}" if smallest else "none"
        print(f"{name}: median {middle:.4g}, spread {spread:.1%}, smallest change found {found}")
    alarms = sum(map(is_alarm, comparisons(records, Random(16))))
    print(f"{len(records)} of {len(every)} runs passed; {alarms} of 500 comparisons report a difference")
    assert len(records) >= LEAST
    assert alarms <= MOST_ALARMS

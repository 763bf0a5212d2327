"""A plan as plain data."""

from __future__ import annotations

import json
from pathlib import Path

from synthlab.scenario.plan_json import plan_data, summary

from .files import checked

STEPS = """\
  - {expect: client1.video.client2.fps >= 10, within: 30s}
  - parallel:
      air:
        - {ramp: client2, egress: {rate: [2mbit, 1mbit]}, over: 2s, shape: steps, steps: 2, mark: it falls}
"""


def test_all_that_is_planned(tmp_path: Path) -> None:
    """Each step has its position, times, track and actions at any depth, and can be written as JSON."""
    data = json.loads(json.dumps(plan_data(checked(tmp_path, STEPS))))
    assert (data["scenario"], data["seed"], data["least_s"], data["most_s"]) == ("s", 0, 2, 32)
    assert [(step["id"], step["kind"], step["track"], step["depth"]) for step in data["steps"]] == [
        ("1", "expect", "", 0),
        ("2", "parallel", "", 0),
        ("2.air.1", "ramp", "air", 1),
    ]
    ramp = data["steps"][2]
    assert (ramp["earliest_s"], ramp["latest_s"], ramp["mark"], ramp["least_s"]) == (0, 30, "it falls", 0)
    assert ramp["over_s"] == 2
    assert [action["at_s"] for action in ramp["actions"]] == [0, 1, 2]
    assert ramp["actions"][0]["text"] == "client2: egress rate 2mbit"


def test_summary(tmp_path: Path) -> None:
    """The same without the steps."""
    plan = checked(tmp_path, STEPS)
    assert plan_data(plan) == summary(plan) | {"steps": plan_data(plan)["steps"]}
    assert "steps" not in summary(plan)

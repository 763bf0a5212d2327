"""The story of the fiber, told to the end: once as it is, and once with a recovery that nobody can make.

What takes longer, the other controls and many repetitions, is in test_soak.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synthlab.scenario import scenario_files

from .leftovers import leftovers
from .pair import synthlab

pytestmark = pytest.mark.docker

DOG = scenario_files()["dog-chews-fiber.yaml"]
DOUBTS = ("too busy", "too slow", "taken from it", "by itself", "the baseline is bad")


def play(tmp_path: Path, text: str) -> dict[str, Any]:
    """The record of the scenario with this text."""
    file = tmp_path / DOG.name
    file.write_text(text)
    told = synthlab("scenario", "run", str(file), "--json", "--evidence", str(tmp_path / "evidence"), status=None)
    (record,) = json.loads(told.stdout)["records"]
    assert leftovers("call") == []
    return dict(record)


def came_to(record: dict[str, Any], verdict: str) -> bool:
    """Whether it did; a machine that was too slow to judge must say so, and what it saw then is not held against it."""
    if record["verdict"] == "inconclusive":
        assert any(doubt in record["reasons"][0] for doubt in DOUBTS), record["reasons"]
        return False
    assert record["verdict"] == verdict, record["reasons"]
    return True


def test_the_dog(tmp_path: Path) -> None:
    """A call is good, suffers, and recovers: all of it is in the record."""
    record = play(tmp_path, DOG.read_text())
    assert record["samples"]["client1.video.client2.fps"]["values"]
    limited = [entry for entry in record["configured"] if entry["conditions"].get("egress") == {"rate": "100kbit"}]
    assert [entry["client"] for entry in limited] == ["client2"]
    if came_to(record, "passed"):
        assert [judged["verdict"] for judged in record["judged"]] == ["passed"] * 3


def test_a_recovery_that_nobody_makes(tmp_path: Path) -> None:
    """With 0.1 s to recover in, it fails, says so, and leaves evidence: packets and pictures among it."""
    record = play(tmp_path, DOG.read_text().replace("within: 15s", "within: 0.1s"))
    kept = [Path(path) for path in record["evidence"].values()]
    assert {file.name for file in kept} >= {"client2.pcapng", "client1-1.png", "client2-1.png", "numbers.json"}
    assert all(file.stat().st_size > 0 for file in kept if file.suffix in (".pcapng", ".png", ".json"))
    if came_to(record, "failed"):
        assert "not within 0.1s: " in record["reasons"][0]

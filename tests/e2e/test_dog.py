"""The dog scenario from start to end. Its controls and repetitions are in test_soak.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .labs import synthlab
from .leftovers import leftovers

pytestmark = pytest.mark.docker

DOUBTS = ("too busy", "too slow", "the hypervisor took", "forwarder itself lost", "the baseline is unstable")


def test_the_dog(tmp_path: Path) -> None:
    """A call is good, degrades and recovers, and the record shows it."""
    result = synthlab("scenario", "run", "dog-chews-fiber", "--json", "--evidence", str(tmp_path), status=None)
    (record,) = json.loads(result.stdout)["records"]
    assert leftovers("call") == []
    if record["verdict"] == "inconclusive":  # the reason must be that the machine was too slow to judge
        assert any(doubt in record["reasons"][0] for doubt in DOUBTS), record["reasons"]
    else:
        assert (record["verdict"], record["reasons"]) == ("passed", [])
        assert [judged["verdict"] for judged in record["judged"]] == ["passed"] * 4
        assert record["samples"]["client1.video.client2.fps"]["values"]
        limited = [entry for entry in record["configured"] if entry["conditions"].get("egress") == {"rate": "100kbit"}]
        assert [entry["client"] for entry in limited] == ["client2"]

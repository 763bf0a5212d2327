"""Playwright Test with a lab that is not real: fixtures, evidence, and which failures are repeated."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .node import node_modules

HERE = Path(__file__).parent
JUDGED = "alice.video.bob: expect fps >= 100: not so within 1000ms: fps 15"


@dataclass(frozen=True)
class Attempt:
    """One attempt at a test: its error, and the names of what is attached to it."""

    status: str
    error: str
    attached: list[str]

    @classmethod
    def of(cls, result: dict[str, Any]) -> Attempt:
        error = re.sub(r"\x1b\[[0-9;]*m", "", result.get("error", {}).get("message", ""))
        names = [one["name"] for one in result["attachments"] if one["name"].startswith("synthlab-")]
        return cls(result["status"], error, names)


def played(folder: Path, *options: str, **variables: str) -> dict[str, list[Attempt]]:
    """The attempts at each test, by its title."""
    results = folder / "results.json"
    own = {"SYNTHLAB_BIN": str(HERE / "fakes" / "synthlab"), "RESULTS": str(results), "OUTPUT": str(folder / "output")}
    command = ["node", str(node_modules() / "@playwright" / "test" / "cli.js"), "test", *options]
    done = subprocess.run(
        command, cwd=HERE / "playwright", env=os.environ | own | variables, capture_output=True, text=True, check=False
    )
    assert results.exists(), done.stdout + done.stderr
    (suite,) = json.loads(results.read_text())["suites"]
    specs = [*suite["specs"], *(spec for inner in suite.get("suites", ()) for spec in inner["specs"])]
    return {spec["title"]: [Attempt.of(one) for one in spec["tests"][0]["results"]] for spec in specs}


def test_fixtures(tmp_path: Path) -> None:
    """Changes end with their test; a failure that was judged has evidence and is not played again.

    Other failures are repeated: with `onInconclusive: "fail"`, and without a lab. There is no browser of its own.
    """
    tests = played(tmp_path)
    assert [one.status for one in tests["a change is seen"]] == ["passed"], tests["a change is seen"]
    assert [one.status for one in tests["it is gone in the next test"]] == ["passed"]
    first, second = tests["fails"]
    assert JUDGED in first.error
    assert first.attached == [
        f"synthlab-{name}" for name in ("report.html", "states.json", "stats.json", "logs.txt", "console.txt")
    ]
    assert "not repeated, because it was judged: " in second.error
    assert second.attached == []
    assert [(JUDGED in one.error, one.attached) for one in tests["fails twice"]] == [(True, []), (True, [])]
    assert ["toBe" in one.error for one in tests["fails without a lab"]] == [True, True]
    assert 'use lab.client("alice").page()' in tests["fails with a page of its own"][0].error


def test_inconclusive_failures_are_repeated(tmp_path: Path) -> None:
    """On a machine that is too slow, in a lab that was up before."""
    tests = played(tmp_path, "--grep", "it is gone|fails$", FAKE_LATE="80", FAKE_UP="yes", ATTACH="call")
    assert [one.status for one in tests["it is gone in the next test"]] == ["passed"]
    errors = [one.error for one in tests["fails"]]
    assert [
        error.startswith(f"Inconclusive: {JUDGED}; alice ingress: this machine is too slow") for error in errors
    ] == [True] * 2

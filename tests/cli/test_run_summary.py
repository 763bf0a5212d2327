"""The last lines of `scenario run`."""

from __future__ import annotations

from dataclasses import replace

from synthlab.cli.run_summary import MOST_LINES, run_lines, summary_lines

from ..report import records


def test_a_failed_run() -> None:
    """Why it failed, the course of the number that failed, the evidence, and the verdict last."""
    lines = list(run_lines(records.failed()))
    assert lines[0].endswith("did not hold within 0.1s: client1.video.client2.fps = 2.1, and 80% of before is 23.7")
    assert lines[1].startswith("  client1.video.client2.fps  █")
    assert "▁" in lines[1]
    assert lines[2:] == ["  evidence: evidence", "failed: dog-chews-fiber, 45.0 s"]


def test_a_passed_run() -> None:
    """Nothing is drawn of a run that passed."""
    lines = list(run_lines(replace(records.dog(), evidence={})))
    assert lines == ["  all 3 expectations held", "passed: dog-chews-fiber, 45.0 s"]


def test_many_reasons() -> None:
    """The first ones, and how many more there are."""
    record = replace(records.failed(), reasons=tuple(f"reason {number}" for number in range(40)))
    lines = list(run_lines(record))
    assert len(lines) <= MOST_LINES
    assert lines[9:11] == ["  reason 9", "  30 more reasons in the report"]


def test_several_runs() -> None:
    """The count of each verdict, then each run that did not pass with its seed and variables."""
    lines = summary_lines(records.twelve())
    assert lines[0] == "3 failed, 1 inconclusive, 8 passed"
    assert lines[1] == (
        "  run 6 (seed 12, RATE = 100kbit): failed: client1.video.client2.fps was 2.1 fps at 27.1s; "
        "it had to be >= 23.7 fps within 0.1s for 3s."
    )


def test_very_many_runs() -> None:
    """Never more than MOST_LINES lines, and the last says how many are left out."""
    many = [replace(one, scenario=f"s{at}") for at in range(20) for one in [records.failed()] * 2]
    lines = summary_lines(many)
    assert len(lines) == MOST_LINES
    assert lines[11] == "  30 more runs in the report"
    assert lines[-1] == "  68 more lines in the report"

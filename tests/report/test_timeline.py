"""The timeline as bars."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.report.chart import ChartMark
from synthlab.report.timeline import axis_of, step_bars, took

from . import records


def test_bars_of_a_run() -> None:
    """A step lasts until its changes end; an expectation, in its verdict's colour, until it is decided."""
    bars = step_bars(records.dog())
    assert [(bar.colour, round(bar.begins_s, 1), round(bar.ends_s, 1)) for bar in bars] == [
        ("good", 0.0, 1.2),
        ("step", 1.2, 6.2),
        ("step", 16.0, 26.0),
        ("good", 21.2, 21.9),
        ("good", 26.2, 33.4),
    ]
    assert bars[4].text.startswith("✓ recovers client1.video.client2.fps")
    assert bars[4].limit_s == pytest.approx(41.2, abs=0.05)


def test_the_end_of_a_run() -> None:
    """A step's changes end with the run, however long they were meant to last."""
    record = records.dog()
    lasting = replace(record.steps[2], until_s=99.0)
    bar = step_bars(replace(record, steps=(lasting,), judged=()))[0]
    assert (round(bar.begins_s), bar.ends_s) == (16, 45)


def test_verdicts_show_without_colour() -> None:
    """A failed expectation has its own sign; one never started has no bar."""
    assert step_bars(records.failed())[4].colour == "bad"
    assert step_bars(records.failed())[4].text.startswith("✗ recovers")
    assert len(step_bars(records.inconclusive())) == 4


def test_a_step_that_could_not_be_played() -> None:
    """A step that could not be played says so, and why."""
    record = records.dog()
    broken = replace(record.steps[2], error="connection refused")
    bar = step_bars(replace(record, steps=(broken,), judged=()))[0]
    assert (bar.colour, bar.text) == ("bad", "! set client2: egress rate 100kbit, for 10s")
    assert "could not be played: connection refused" in bar.hover


def test_the_axis() -> None:
    """The axis goes from the first sample to the last end; marks keep their times."""
    axis = axis_of(records.dog())
    assert -3 <= axis.begins_s < -2.9
    assert 45 <= axis.ends_s < 46
    assert axis.marks == (ChartMark(records.dog().steps[2].began_s or 0.0, "the dog chews"),)
    assert axis.baseline == (1.2, 6.2)


def test_an_axis_of_nothing() -> None:
    """A run that ended before its first step still has an axis."""
    record = replace(records.dog(), steps=(), judged=(), samples={}, duration_s=0.0, baseline=None)
    assert (axis_of(record).begins_s, axis_of(record).ends_s) == (0.0, 1.0)


def test_the_sampling_error() -> None:
    """The time to recover is between the last sample without and the first with recovery."""
    judged = records.dog().judged[2]
    assert took(judged) == "3.2s to 4.2s"
    assert took(replace(judged, error_s=None)) == "4.2s"
    assert took(replace(judged, took_s=0.4)) == "0s to 0.4s"
    assert took(replace(judged, took_s=None)) == ""

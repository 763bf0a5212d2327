"""The summary of repeated runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.cli.run_summary import summary_lines
from synthlab.report import repeats, report_page
from synthlab.report.spread import Spread
from synthlab.scenario.record import Record

from . import records
from .pages import Page

FPS = "client1.video.client2.fps"


def run(took_s: float, fps: float, variables: dict[str, str] | None = None) -> Record:
    """A run whose last expectation, a `recovers`, took this long and saw this many frames."""
    record = records.dog()
    recovered = replace(record.judged[2], took_s=took_s, seen={FPS: fps})
    return replace(record, judged=(*record.judged[:2], recovered), variables=variables or {})


def failed(took_s: float, fps: float) -> Record:
    record = run(took_s, fps)
    last = replace(record.judged[2], verdict="failed", took_s=None)
    return replace(record, verdict="failed", judged=(*record.judged[:2], last))


@pytest.mark.issue(10)
def test_median_and_spread() -> None:
    """For each expectation: how often it held, and median, minimum and maximum of its time and numbers."""
    ((scenario, count, expectations),) = repeats([run(4, 20), run(9, 28), failed(0, 2), run(5, 24)])
    assert (scenario, count, len(expectations)) == ("dog-chews-fiber", 4, 3)
    last = expectations[2]
    assert last.title == "recovers client1.video.client2.fps >= 80% of before within 15s for 3s"
    assert (last.held, last.asked) == (3, 4)
    assert last.took == Spread(5, 4, 9, 3)
    assert last.seen == {FPS: Spread(22, 2, 28, 4)}
    assert last.parts == ("held in 3 of 4", "took 5s (4s to 9s)", f"{FPS} 22 fps (2 fps to 28 fps)")


def test_only_like_runs_are_compared() -> None:
    """Runs with other variables, or of another scenario, are kept apart; a single run has no spread."""
    assert list(repeats([run(4, 20)])) == []
    assert list(repeats([run(4, 20, {"RATE": "1mbit"}), run(4, 20, {"RATE": "2mbit"})])) == []
    assert list(repeats([run(4, 20), replace(run(4, 20), scenario="elevator")])) == []


def test_what_was_not_decided_counts_nowhere() -> None:
    """A missing number, or an expectation not reached, does not count as zero."""
    reached = run(4, 20)
    unseen = replace(reached.judged[2], seen={FPS: None})
    unreached = replace(reached.judged[2], decided_s=None, took_s=None, verdict="inconclusive", seen={})
    others = [replace(reached, judged=(*reached.judged[:2], last)) for last in (unseen, unreached)]
    ((_, count, (_, _, last)),) = repeats([reached, *others])
    assert (count, last.asked, last.held) == (3, 2, 2)
    assert last.seen == {FPS: Spread(20, 20, 20, 1)}


@pytest.mark.issue(10)
def test_where_it_is_shown() -> None:
    """It is on the page, under the table of all runs, and at the end of `scenario run`."""
    runs = [run(4, 20), run(9, 28), run(5, 24)]
    text = Page.of(report_page(runs)).text
    assert "3 runs of dog-chews-fiber: median (min to max)" in text
    assert f"held in 3 of 3 took 5s (4s to 9s) {FPS} 24 fps (20 fps to 28 fps)" in text
    lines = list(summary_lines(runs))
    assert lines[:2] == ["3 passed", "3 runs of dog-chews-fiber: median (min to max)"]
    assert lines[4].endswith(f": held in 3 of 3, took 5s (4s to 9s), {FPS} 24 fps (20 fps to 28 fps)")
    assert list(summary_lines([run(4, 20), replace(run(4, 20), scenario="elevator")])) == ["2 passed"]


@pytest.mark.issue(10)
def test_variables_of_several_runs() -> None:
    """The table of all runs has a column for each variable; without variables it has none."""
    page = Page.of(report_page([run(4, 20, {"RATE": "1mbit"}), run(4, 20, {"RATE": "2mbit"})]))
    table = page.text.partition("run verdict")[2].partition("Course and value")[0]
    assert table.startswith(" RATE course value")
    assert "1mbit" in table
    assert "2mbit" in table
    assert (
        summary_lines([run(4, 20, {"RATE": "1mbit"})] * 2)[1]
        == "2 runs of dog-chews-fiber (RATE = 1mbit): median (min to max)"
    )
    assert "run verdict course value" in Page.of(report_page([run(4, 20), run(9, 28)])).text

"""What the runs of a sweep say together: counts, medians, CSV, and the page with heat maps."""

from __future__ import annotations

import csv
import io
from xml.etree import ElementTree

import pytest

from synthlab.gate.heat_map import sweep_page
from synthlab.gate.matrix import read_axes, runs
from synthlab.gate.run_numbers import NumberName, numbers_of
from synthlab.gate.sweep_result import SweepResult
from synthlab.report.junit import junit_text

from .results import FPS, record

pytestmark = pytest.mark.issue(16)

AXES = read_axes(["LOSS=1%,5%", "profile=wpt/3g,wpt/2g"], ["LOSS"])


def result() -> SweepResult:
    """Two repetitions; at 5 % and 2g both failed, at 1 % and 2g one was inconclusive, and the last was not played."""
    records = {
        0: record(fps=20),
        1: record("inconclusive", reasons=("too busy",)),
        2: record(fps=12),
        3: record("failed", fps=4, reasons=("s.yaml:3: no",)),
        4: record(fps=22),
        5: record(fps=15),
        6: record(fps=14),
    }
    return SweepResult(AXES, tuple(runs(AXES, 2)), records)


def test_cells() -> None:
    """The inconclusive run counts neither as passed nor as failed, and a number is the median of the judged runs."""
    cells = result().cells
    assert [(one.count("passed"), one.judged, one.share) for one in cells] == [
        (2, 2, 1),
        (1, 1, 1),
        (2, 2, 1),
        (0, 1, 0),
    ]
    fps = NumberName("the picture", FPS)
    assert [one.medians[fps] for one in cells] == [21, 15, 13, 4]
    assert [list(row) for row in result().rows()] == [
        ["1%", "wpt/3g", "2 of 2", "", ""],
        ["1%", "wpt/2g", "1 of 1", "1", ""],
        ["5%", "wpt/3g", "2 of 2", "", ""],
        ["5%", "wpt/2g", "0 of 1", "", "the picture"],
    ]
    assert result().exit_code == 1


def test_numbers_of_a_run() -> None:
    """The mean of the samples while an expectation was judged, and the time until it held."""
    assert numbers_of(record(fps=[10.0, 20.0, 30.0], took_s=2.5)) == {
        NumberName("the picture", FPS): 20.0,
        NumberName("the picture", "took_s"): 2.5,
    }
    assert numbers_of(record("failed", fps=4.0)) == {NumberName("the picture", FPS): 4.0}
    assert numbers_of(record("inconclusive")) == {}


def test_csv() -> None:
    """A row per run that was played, with its values, seed, verdict and numbers."""
    rows = list(csv.DictReader(io.StringIO(result().csv_text())))
    assert len(rows) == 7
    assert (rows[3]["LOSS"], rows[3]["profile"], rows[3]["verdict"], rows[3]["reason"]) == (
        "5%",
        "wpt/2g",
        "failed",
        "s.yaml:3: no",
    )
    assert rows[3][f"{FPS} (the picture)"] == "4.0"
    assert [row["repetition"] for row in rows] == ["1"] * 4 + ["2"] * 3


def test_json() -> None:
    """The same runs and combinations."""
    shown = result().to_dict()
    assert shown["axes"] == {"LOSS": ["1%", "5%"], "profile": ["wpt/3g", "wpt/2g"]}
    assert (shown["planned"], len(shown["runs"])) == (8, 7)
    assert [one["failed"] for one in shown["cells"]] == [0, 0, 0, 1]


def test_page() -> None:
    """A map of verdicts and one for each number, with a square for each combination; well-formed, without scripts."""
    page = sweep_page(result(), "s <1>")
    top = ElementTree.fromstring(page.partition("<body>")[2].join(["<body>", ""]).replace("</html>", ""))
    tables = top.findall("table")
    assert [table.findtext("caption") for table in tables] == [
        "runs that passed",
        f"median of {FPS} (the picture)",
        "median of took_s (the picture)",
    ]
    shown = [[cell.text for cell in table.findall("tbody/tr/td")] for table in tables]
    assert shown == [
        ["2 of 2", "1 of 1", "2 of 2", "0 of 1"],
        ["21 fps", "15 fps", "13 fps", "4 fps"],
        ["1.5 s", "1.5 s", "1.5 s", "no run"],
    ]
    assert "s &lt;1&gt;" in page
    assert "<script" not in page


def test_junit() -> None:
    """Suites are named after the combination."""
    suites = ElementTree.fromstring(junit_text(result().named_records()).encode()).findall("testsuite")
    assert [suite.get("name") for suite in suites][:5] == [
        "s LOSS=1% profile=wpt/3g",
        "s LOSS=1% profile=wpt/2g",
        "s LOSS=5% profile=wpt/3g",
        "s LOSS=5% profile=wpt/2g",
        "s LOSS=1% profile=wpt/3g #2",
    ]

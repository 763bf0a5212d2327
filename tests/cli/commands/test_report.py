"""`scenario report`: an HTML report and a JUnit file from saved results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from synthlab.report import report_page, results_text
from synthlab.report.junit import junit_text
from synthlab.testing import fake_backend

from ...report import records
from .command import run

WORLD, _ = fake_backend()


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Results of a run with evidence in this folder."""
    file = tmp_path / "results.json"
    file.write_text(results_text([replace(records.dog(), evidence={"logs": str(tmp_path / "client1.log")})]))
    return file


def test_page_and_junit(results: Path, tmp_path: Path) -> None:
    """Both equal those of the run itself; the page links to the evidence."""
    page, junit = tmp_path / "page.html", tmp_path / "results.xml"
    assert run("scenario", "report", str(results), "--report", str(page), "--junit", str(junit), backend=WORLD) == 0
    beside = replace(records.dog(), evidence={"logs": "client1.log"})
    assert page.read_text() == report_page([beside])
    assert junit.read_text() == junit_text([replace(beside, evidence={"logs": str(tmp_path / "client1.log")})])


def test_refusals(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No file to write, a missing or invalid input, a missing folder: one line each."""
    other = tmp_path / "other.json"
    other.write_text("{}")
    page = ("--report", str(tmp_path / "page.html"))
    nowhere = str(tmp_path / "nowhere" / "page.html")
    for arguments, result in (
        ((str(results),), "nothing to write: give --report FILE.html, --junit FILE.xml or --markdown FILE.md"),
        ((str(tmp_path / "none.json"), *page), f"{tmp_path}/none.json: cannot be read: No such file or directory"),
        ((str(other), *page), f"{other}: not a file written by `synthlab scenario run --json`"),
        ((str(results), "--report", nowhere), f"--report: {nowhere}: No such file or directory"),
    ):
        assert run("scenario", "report", *arguments, backend=WORLD) == 2
        assert capsys.readouterr().err == f"synthlab: {result}\n"
    assert not (tmp_path / "page.html").exists()

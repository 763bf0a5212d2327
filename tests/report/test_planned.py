"""The chart of a plan."""

from __future__ import annotations

from pathlib import Path

from synthlab.report import planned_page
from synthlab.report.planned_conditions import plan_conditions
from synthlab.scenario import check_scenario

from ..scenario.files import checked
from .pages import Page, without_library


def test_the_dog() -> None:
    """Steps are bars, expectations have their own colour, and client2's rate is drawn from 15 s to 25 s."""
    text = planned_page(check_scenario("dog-chews-fiber", environment={}))
    page = Page.of(text)
    assert "https://" not in without_library(text)
    assert "Duration: 28s to 73s." in page.text
    spans = [(given["data-from"], given["data-to"], given["class"]) for given in page.having("data-to")]
    assert ("15.0", "25.0", "step") in spans
    assert ("25.0", "55.0", "step perhaps") in spans
    assert ("25.0", "28.0", "unsure") in spans
    data = page.data["data"]
    [chart] = data["charts"].values()
    [rate] = chart["lines"]
    assert (data["times"][rate["times"]], rate["values"]) == ([0, 15, 25, 73], [None, 100_000, None, None])
    assert (data["axis"], data["started_ms"]) == ([0, 73], None)


def test_layers(tmp_path: Path) -> None:
    """Changes stack; one that ends leaves the others, and a reset restores the stack's conditions."""
    steps = """\
  - {set: client2, egress: {rate: 1mbit}}
  - {at: 2s, set: client2, egress: {loss: 5%}, for: 3s}
  - {at: 8s, reset: client2}
"""
    plan = checked(tmp_path, steps)
    values = [(entry.at_s, entry.conditions) for entry in plan_conditions(plan, 10) if entry.client == "client2"]
    assert values == [
        (0, {"egress": {"rate": "1mbit"}}),
        (2, {"egress": {"rate": "1mbit", "loss": "5%"}}),
        (5, {"egress": {"rate": "1mbit"}}),
        (8, {}),
    ]


def test_tracks_and_marks(tmp_path: Path) -> None:
    """Steps of parallel tracks are prefixed with the track, and marks are lines across all charts."""
    steps = """\
  - parallel:
      bad: [{set: client2, egress: {loss: 5%}, for: 4s, mark: it begins}]
      good: [{wait: 2s}]
"""
    page = Page.of(planned_page(checked(tmp_path, steps)))
    assert [mark["text"] for mark in page.data["data"]["marks"]] == ["it begins"]
    assert "[bad] set client2" in page.text


def test_a_perfect_network(tmp_path: Path) -> None:
    """A plan that impairs nobody says so, and draws only its steps."""
    page = Page.of(planned_page(checked(tmp_path, "  - {wait: 2s}\n")))
    assert "No client's network is conditioned at any time." in page.text
    assert page.data["data"]["charts"] == {}


def test_very_many_steps(tmp_path: Path) -> None:
    """Each of many steps is a lane, as wide as it lasts."""
    steps = "  - {repeat: 100, steps: [{set: client2, egress: {loss: 5%}, for: 1s}, {wait: 2s}]}\n"
    page = Page.of(planned_page(checked(tmp_path, steps)))
    lanes = [given for given in page.having("id") if str(given["id"]).startswith("step-")]
    assert len(lanes) > 200

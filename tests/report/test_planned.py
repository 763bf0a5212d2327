"""The chart of a plan."""

from __future__ import annotations

from pathlib import Path

from synthlab.report import planned_page
from synthlab.report.planned_conditions import plan_conditions
from synthlab.scenario import check_scenario

from ..scenario.files import checked
from .pages import Page, without_plotly


def test_the_dog() -> None:
    """Steps are bars, expectations have their own colour, and client2's rate is drawn from 15 s to 25 s."""
    text = planned_page(check_scenario("dog-chews-fiber", environment={}))
    page = Page.of(text)
    assert "https://" not in without_plotly(text)
    assert "Duration: 28s to 73s." in page.text
    bars, _, _ = page.figures["figure-lane"]["data"]
    spans = list(zip(bars["base"], bars["x"], bars["marker"]["color"], strict=True))
    assert (15.0, 10.0, "var(--step)") in spans
    assert (25.0, 30.0, "var(--step-band)") in spans
    assert (25.0, 3.0, "var(--unsure)") in spans
    [rate] = page.figures["figure-client1"]["data"]
    assert (rate["x"], rate["y"]) == ([0, 15, 25, 25, 73], [None, 100_000, 100_000, None, None])
    assert page.figures["figure-lane"]["layout"]["xaxis"]["range"] == [0, 73]


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
    shown = [entry["text"] for entry in page.figures["figure-lane"]["layout"]["annotations"]]
    assert "it begins" in shown
    assert any(text.strip().startswith("[bad] set client2") for text in shown)
    assert all(len(figure["layout"]["shapes"]) == 1 for figure in page.figures.values())


def test_a_perfect_network(tmp_path: Path) -> None:
    """A plan that impairs nobody says so, and draws only its steps."""
    page = Page.of(planned_page(checked(tmp_path, "  - {wait: 2s}\n")))
    assert "No client's network is conditioned at any time." in page.text
    assert list(page.figures) == ["figure-lane"]


def test_very_many_steps(tmp_path: Path) -> None:
    """Too many steps for a line each share lines, without texts."""
    steps = "  - {repeat: 100, steps: [{set: client2, egress: {loss: 5%}, for: 1s}, {wait: 2s}]}\n"
    figure = Page.of(planned_page(checked(tmp_path, steps))).figures["figure-lane"]
    assert len(figure["data"][0]["x"]) > 200
    assert len(set(figure["data"][0]["y"])) < 10
    assert "annotations" not in figure["layout"]

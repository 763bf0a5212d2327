"""States by name in the charts: of a walk in the client, and of the scenario's step."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from syntheticnet.conditions import Conditions
from synthlab.report.planned import planned_page
from synthlab.report.section import Section
from synthlab.report.states import recorded_states
from synthlab.scenario.record import Configured, Record

from ..scenario.files import checked
from . import records
from .pages import Page

pytestmark = pytest.mark.issue(15)

ENDS_S = 45.0
WALK = Conditions().changed({"states": {"good": {"mean": "5s"}, "gone": {"mean": "5s"}}}).to_dict()


def lines(record: Record, client: str) -> dict[str, list[tuple[float, object]]]:
    """The points of each line, without those that only let one hover."""
    found: dict[str, list[tuple[float, object]]] = {}
    for row in recorded_states(record, client, ENDS_S):
        for line in row.lines:
            points = list(zip(line.times_s, line.values, strict=True))
            shown = [now for before, now in zip([(0.0, "none"), *points], points, strict=False) if now[1] != before[1]]
            found[line.name] = [*shown, points[-1]]
    return found


def test_a_walk_in_the_client() -> None:
    """Each state from its time on; while there are none, there is a gap, and without any there is no row."""
    stays = [(0.0, None), (5.0, "good"), (9.5, "gone"), (20.0, None)]
    record = replace(records.dog(), configured=tuple(in_states(*stays)))
    assert lines(record, "client2") == {"state": [*stays, (45.0, None)]}
    assert lines(records.dog(), "client2") == {}
    charts = {client.name: client.network for client in Section(1, record).clients}
    assert next(chart.title for chart in charts["client2"]) == "state"
    assert "state" not in [chart.title for chart in charts["client1"]]


def test_hovering() -> None:
    """Where something was measured, the chart has the state of that time, too."""
    record = replace(records.dog(), configured=tuple(in_states((0.0, "good"))))
    [row] = recorded_states(record, "client2", ENDS_S)
    assert set(row.lines[0].values) == {"good"}
    assert len(row.lines[0].times_s) > 30


def test_the_step() -> None:
    """The names that were played, until the step ends; a step that was cut short shows no later ones."""
    step = replace(records.dog().steps[2], began_s=10.0, until_s=18.0)
    step = replace(step, stays=((0.0, "good"), (3.0, "gone"), (9.0, "good")))
    record = replace(records.dog(), steps=(step,))
    seen = lines(Record.from_dict(json.loads(json.dumps(record.to_dict()))), "client2")
    assert seen == {"in the scenario": [(10.0, "good"), (13.0, "gone"), (18.0, None), (45.0, None)]}
    assert lines(record, "client1") == {}


def test_a_plan(tmp_path: Path) -> None:
    """The planned walk, by name, above the values that it sets."""
    walk = "{good: {mean: 2s}, gone: {mean: 1s, egress: {outage: true}}}"
    page = Page.of(planned_page(checked(tmp_path, f"  - {{states: client2, walk: {walk}, for: 10s}}\n  - wait: 12s\n")))
    data = page.data["data"]
    state = data["charts"]["client1-0"]
    (line,) = state["lines"]
    assert state["words"] == ["good", "gone"]
    assert (line["values"][0], line["values"][-1]) == (0, None)
    assert data["times"][line["times"]][0] == 0


def in_states(*stays: tuple[float, str | None]) -> list[Configured]:
    return [
        Configured(at_s=at_s, client="client2", conditions={**WALK, "state": name} if name else {})
        for at_s, name in stays
    ]

"""The Grafana dashboard in docs/monitoring: whole, and about metrics that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from synthlab.dashboard.metrics import metrics_text

BOARD = Path("docs/monitoring/grafana.json")
METRIC = re.compile(r"synthlab_[a-z0-9_]+")


def board() -> Any:
    return json.loads(BOARD.read_text())


def panel_queries() -> Iterator[str]:
    yield from (target["expr"] for panel in board()["panels"] for target in panel["targets"])


def variable_queries() -> Iterator[str]:
    yield from (one["definition"] for one in board()["templating"]["list"] if one["type"] == "query")


def test_metrics_exist() -> None:
    """Each name in a query is a metric of the lab API."""
    text, _ = metrics_text([], {})
    # Without samples a counter has only its family's name; its samples end in _total.
    families = {family.name + "_total" * (family.type == "counter") for family in text_string_to_metric_families(text)}
    named = {name for query in (*panel_queries(), *variable_queries()) for name in METRIC.findall(query)}
    assert named <= families


def test_panels() -> None:
    """Each has a title, an explanation and queries of the chosen data source; none covers another."""
    panels = board()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        assert 0 <= panel["gridPos"]["x"] <= 24 - panel["gridPos"]["w"]
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        assert not (_meet(one, other, "x", "w") and _meet(one, other, "y", "h"))


def _meet(one: dict[str, int], other: dict[str, int], start: str, size: str) -> bool:
    return one[start] < other[start] + other[size] and other[start] < one[start] + one[size]

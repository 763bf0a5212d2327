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
TABLE = Path("docs/metrics.md")
METRIC = re.compile(r"synthlab_[a-z0-9_]+")


def board() -> Any:
    return json.loads(BOARD.read_text())


def panel_queries() -> Iterator[str]:
    yield from (target["expr"] for panel in board()["panels"] for target in panel["targets"])


def variable_queries() -> Iterator[str]:
    yield from (one["definition"] for one in board()["templating"]["list"] if one["type"] == "query")


def named_types(text: str) -> dict[str, str]:
    """The type of each metric, by the name that its samples have; without samples, too."""
    families = text_string_to_metric_families(text)
    return {one.name + "_total" * (one.type == "counter"): one.type for one in families}


def documented(server: str) -> dict[str, str]:
    """Type by name of the metrics that the table says this server has."""
    rows = re.findall(
        r"^\| `(synthlab_[a-z0-9_]+)` \| (\w+)[^|]* \| (client|lab|both) \|", TABLE.read_text(), re.MULTILINE
    )
    return {name: kind for name, kind, by in rows if by in (server, "both")}


def test_the_table() -> None:
    """It has exactly the metrics of the lab API, with their types."""
    assert documented("lab") == named_types(metrics_text([], {})[0])


def test_metrics_exist() -> None:
    """Each name in a query is a metric of the lab API."""
    named = {name for query in (*panel_queries(), *variable_queries()) for name in METRIC.findall(query)}
    assert named <= set(named_types(metrics_text([], {})[0]))


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

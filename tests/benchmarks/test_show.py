"""The table: a row for each figure, with columns for what was measured."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from benchmarks import show
from benchmarks.catalogue import catalogue
from benchmarks.session import Record

MACHINE: dict[str, Any] = {
    "cpus": 2,
    "cpu": "a CPU",
    "kernel": "6.1",
    "python": "3.11",
    "load_before": 0.0,
    "busy_before": 0.0,
    "stolen_share": 0.0,
}


def shown(record: Record, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of a table of one record."""
    show.table([record], MACHINE)
    return capsys.readouterr().out.splitlines()


def record_of(name: str, **runs: list[dict[str, float]]) -> Record:
    (measurement,) = (one for one in catalogue() if one.name == name)
    return Record(measurement, {kind: list(values) for kind, values in runs.items()})


@pytest.mark.issue(16)
def test_ratios_to_the_bridge_have_their_goal_and_spread(capsys: pytest.CaptureFixture[str]) -> None:
    """The throughput itself is above its ratio; the goal is the ratio's."""
    bridge = [{"run": n, "gbps": 10.0} for n in range(3)]
    ours = [{"run": n, "gbps": gbps} for n, gbps in enumerate((7.0, 9.0, 9.5))]
    own, ratio = shown(record_of("tcp/up", bridge=bridge, forwarder=ours), capsys)[1:3]
    assert "9.00 (7.00..9.50)" in own
    assert "≥" not in own
    assert "0.90 (0.70..0.95)  ≥ 0.80 of bridge  ✓" in ratio


@pytest.mark.issue(16)
def test_another_checkout_has_columns_only_if_it_was_measured(capsys: pytest.CaptureFixture[str]) -> None:
    """Its values, and the ratio of ours to them."""
    ours, theirs = [{"run": 0, "us_per_packet": 9.0}], [{"run": 0, "us_per_packet": 18.0}]
    alone = shown(record_of("cpu", forwarder=ours), capsys)
    assert "before" not in alone[0]
    heading, row = shown(record_of("cpu", before=theirs, forwarder=ours), capsys)[:2]
    assert heading.split()[4:9] == ["before", "forwarder", "x", "before", "goal"]
    assert row.split("  ≤")[0].endswith("18.00 (18.00..18.00)  9.00 (9.00..9.00)  0.50 (0.50..0.50)")


def test_the_same_failure_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    """With the forwarder's drops before it; a row without values misses its goal."""
    record = record_of("cpu")
    record.failures = ["forwarder: no engine"] * 5
    record.drops = [Counter(stalled=2), Counter(stalled=1)]
    row = shown(record, capsys)[1]
    assert row.rstrip().endswith("send 0, kernel 0, stalled 3, forwarder: no engine")
    assert "✗" in row

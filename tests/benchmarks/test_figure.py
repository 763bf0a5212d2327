"""Figures: medians of runs compared with their goals."""

from __future__ import annotations

import pytest

from benchmarks.figure import Figure, Values, paired
from benchmarks.goal import at_least, at_most, of_bridge, times_floor
from benchmarks.summary import Summary, percentile


def numbered(key: str, *values: float | None) -> list[Values]:
    """A run for each value; None is a run that failed."""
    return [{key: value, "run": n} for n, value in enumerate(values) if value is not None]


def test_medians_are_judged() -> None:
    """One bad run of five does not miss a goal, but shows in the spread."""
    runs = {"bridge": numbered("gbps", 10.0), "forwarder": numbered("gbps", 9.0, 9.0, 1.0, 8.5, 9.5)}
    result = Figure("gbps", "TCP", "Gbit/s", at_least(8)).result(runs)
    assert result.met is True
    assert result.summaries == {
        "bridge": Summary(10.0, 10.0, 10.0),
        "floor": None,
        "before": None,
        "forwarder": Summary(9.0, 1.0, 9.5),
    }


@pytest.mark.issue(15)
def test_the_kind_beside_is_what_a_goal_compares_with() -> None:
    """A cost is judged by the bare loop's, whatever the bridge needs."""
    runs = {"bridge": numbered("us", 1.0), "floor": numbered("us", 100.0), "forwarder": numbered("us", 139.0)}
    assert Figure("us", "CPU", "us", times_floor(1.4), beside="floor").result(runs).met is True
    assert Figure("us", "CPU", "us", times_floor(1.3), beside="floor").result(runs).met is False


@pytest.mark.issue(16)
def test_pairs_are_compared_run_by_run() -> None:
    """A machine that slows down halves both, so the ratio stays; the ratio of the medians would be 0.45."""
    runs = {"bridge": numbered("gbps", 20.0, 20.0, 10.0), "forwarder": numbered("gbps", 18.0, 9.0, 9.0)}
    (figure,) = paired("gbps", "TCP", of_bridge(0.9))
    result = figure.result(runs)
    assert result.summaries["forwarder"] == Summary(0.9, 0.45, 0.9)
    assert result.summaries["bridge"] is None
    assert result.met is True
    assert paired("gbps", "TCP", None) == []


@pytest.mark.issue(16)
def test_a_run_that_failed_has_no_partner() -> None:
    """Its neighbours are not shifted into each other's pairs."""
    runs = {"bridge": numbered("gbps", 10.0, None, 20.0), "forwarder": numbered("gbps", 9.0, 5.0, 18.0)}
    assert paired("gbps", "TCP", of_bridge(0.8))[0].result(runs).summaries["forwarder"] == Summary(0.9, 0.9, 0.9)
    assert paired("gbps", "TCP", of_bridge(0.8))[0].result({"bridge": runs["bridge"]}).met is False


@pytest.mark.issue(16)
def test_another_checkout_is_compared_run_by_run() -> None:
    """Its own values are a column, the ratio of ours to them is another."""
    runs = {"before": numbered("us", 100.0, 200.0, 100.0), "forwarder": numbered("us", 60.0, 120.0, 50.0)}
    result = Figure("us", "CPU", "us").result(runs)
    assert result.summaries["before"] == Summary(100.0, 100.0, 200.0)
    assert result.against_before == Summary(0.6, 0.5, 0.6)
    assert Figure("us", "CPU", "us").result({"forwarder": runs["forwarder"]}).against_before is None


def test_another_value_may_be_judged_than_is_shown() -> None:
    """A rate is shown in bit/s and judged by its share of the allowed error."""
    runs = {"forwarder": [{"kbps": 90.0, "allowance_used": 1.5, "run": 0}]}
    result = Figure("kbps", "rate", "kbit/s", at_most(1), judged="allowance_used").result(runs)
    assert result.met is False
    assert result.summaries["forwarder"] == Summary(90.0, 90.0, 90.0)


def test_what_has_no_runs_misses_its_goal() -> None:
    """A failed measurement misses its goal; without a goal there is nothing to miss."""
    assert Figure("gbps", "TCP", "Gbit/s", at_least(1)).result({}).met is False
    assert Figure("gbps", "TCP", "Gbit/s").result({}).met is None


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_percentiles_are_values_that_were_seen(share: float, value: int) -> None:
    """Nearest rank over 1 to 100."""
    assert percentile(range(1, 101), share) == value
    assert percentile([7.0], share) == 7.0

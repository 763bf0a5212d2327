"""Figures: medians of runs compared with their goals."""

from __future__ import annotations

import pytest

from benchmarks.figure import Figure
from benchmarks.goal import at_most, of_bridge, times_floor
from benchmarks.summary import Summary, percentile


def test_medians_are_judged() -> None:
    """One bad run of five does not miss a goal, but shows in the spread."""
    runs = {"bridge": [{"gbps": 10.0}], "forwarder": [{"gbps": value} for value in (9.0, 9.0, 1.0, 8.5, 9.5)]}
    result = Figure("gbps", "TCP", "Gbit/s", of_bridge(0.8)).result(runs)
    assert result.met is True
    assert result.summaries == {
        "bridge": Summary(10.0, 10.0, 10.0),
        "floor": None,
        "forwarder": Summary(9.0, 1.0, 9.5),
    }


@pytest.mark.issue(15)
def test_the_kind_beside_is_what_a_goal_compares_with() -> None:
    """A cost is judged by the bare loop's, whatever the bridge needs."""
    runs = {"bridge": [{"us": 1.0}], "floor": [{"us": 100.0}], "forwarder": [{"us": 139.0}]}
    assert Figure("us", "CPU", "us", times_floor(1.4), beside="floor").result(runs).met is True
    assert Figure("us", "CPU", "us", times_floor(1.3), beside="floor").result(runs).met is False


def test_another_value_may_be_judged_than_is_shown() -> None:
    """A rate is shown in bit/s and judged by its share of the allowed error."""
    runs = {"forwarder": [{"kbps": 90.0, "allowance_used": 1.5}]}
    result = Figure("kbps", "rate", "kbit/s", at_most(1), judged="allowance_used").result(runs)
    assert result.met is False
    assert result.summaries["forwarder"] == Summary(90.0, 90.0, 90.0)


def test_what_has_no_runs_misses_its_goal() -> None:
    """A failed measurement misses its goal; without a goal there is nothing to miss."""
    assert Figure("gbps", "TCP", "Gbit/s", of_bridge(0.8)).result({}).met is False
    assert Figure("gbps", "TCP", "Gbit/s").result({}).met is None


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_percentiles_are_values_that_were_seen(share: float, value: int) -> None:
    """Nearest rank over 1 to 100."""
    assert percentile(range(1, 101), share) == value
    assert percentile([7.0], share) == 7.0

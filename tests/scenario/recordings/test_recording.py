"""Steps over time: means, percentiles, bins, gaps."""

from __future__ import annotations

import pytest

from synthlab.scenario.recordings import LinkRecording, StepSeries, summarised
from synthlab.scenario.recordings.recording import rate_of, steps_of

pytestmark = pytest.mark.issue(15)

STEPS = StepSeries([0.0, 1.0, 3.0], [4.0, 0.0, 8.0], 4.0)


def test_numbers_are_weighted_by_time() -> None:
    """A value counts as long as it applies."""
    assert STEPS.mean() == 3.0
    assert [STEPS.percentile(share) for share in (0.05, 0.5, 0.6, 0.75, 0.76, 1.0)] == [0.0, 0.0, 4.0, 4.0, 8.0, 8.0]


def test_bins_keep_the_mean() -> None:
    """Whatever the width of the bins, also if the last one is shorter."""
    for bin_s in (0.3, 0.5, 1.0, 1.5, 4.0, 9.0):
        assert STEPS.binned(bin_s).mean() == pytest.approx(3.0)
    assert list(STEPS.binned(2.0).values) == [2.0, 4.0]


def test_points_begin_at_zero() -> None:
    """The first time is 0, and the last value applies for as long as the one before it."""
    assert steps_of([(5.0, 1.0), (7.0, 2.0)]) == StepSeries([0.0, 2.0], [1.0, 2.0], 4.0)
    assert steps_of([(5.0, 1.0)]).lasts_s == 1.0


def test_a_slow_link_has_no_gaps() -> None:
    """Bins are longer where events are rare: 8 packets per second are no gaps, three seconds without any are one."""
    steady = [number / 8 for number in range(1, 161)]
    assert summarised(LinkRecording(form="", rate=rate_of(steady, [12_000] * 160, 20.0)))["gaps"]["count"] == 0
    broken = [time for time in steady if not 7 < time <= 12.0]
    found = summarised(LinkRecording(form="", rate=rate_of(broken, [12_000] * len(broken), 20.0)))
    assert found["gaps"]["count"] == 1
    assert 3.0 <= found["gaps"]["longest_s"] <= 5.0
    assert found["rate_bps"]["mean"] == pytest.approx(len(broken) * 12_000 / 20)

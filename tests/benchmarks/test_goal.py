"""Goals: absolute limits, and limits relative to the bridge."""

from __future__ import annotations

import pytest

from benchmarks.goal import Goal, above_bridge, at_least, at_most, of_bridge, times_floor, within


@pytest.mark.parametrize(
    ("goal", "value", "bridge", "met"),
    [
        (at_least(150), 150.0, None, True),
        (at_least(150), 149.9, None, False),
        (at_most(0), 0.0, None, True),
        (at_most(0), 1.0, None, False),
        (within(0.1), -0.09, None, True),
        (within(0.1), -0.11, None, False),
        (of_bridge(0.8), 0.8, None, True),
        (of_bridge(0.8), 0.79, None, False),
        (times_floor(1.4), 140.0, 100.0, True),
        (times_floor(1.4), 141.0, 100.0, False),
        (above_bridge(0.06), 0.08, 0.03, True),
        (above_bridge(0.06), 0.1, 0.03, False),
    ],
)
def test_a_limit_itself_is_allowed(goal: Goal, value: float, bridge: float | None, met: bool) -> None:
    """A value exactly at the limit meets the goal."""
    assert goal.met(value, bridge) is met


def test_beside_what_was_not_measured_nothing_is_met() -> None:
    """Without the other kind's value a relative goal is missed."""
    assert not times_floor(2).met(0, None)
    assert not above_bridge(1).met(0, None)

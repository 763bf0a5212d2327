"""Goals: absolute limits, and limits relative to the bridge."""

from __future__ import annotations

import pytest

from benchmarks.goal import Goal, above_bridge, at_least, at_most, of_bridge, within


@pytest.mark.parametrize(
    ("goal", "value", "bridge", "met"),
    [
        (at_least(150), 150.0, None, True),
        (at_least(150), 149.9, None, False),
        (at_most(0), 0.0, None, True),
        (at_most(0), 1.0, None, False),
        (within(0.1), -0.09, None, True),
        (within(0.1), -0.11, None, False),
        (of_bridge(0.8), 8.0, 10.0, True),
        (of_bridge(0.8), 7.9, 10.0, False),
        (above_bridge(0.06), 0.08, 0.03, True),
        (above_bridge(0.06), 0.1, 0.03, False),
    ],
)
def test_a_limit_itself_is_allowed(goal: Goal, value: float, bridge: float | None, met: bool) -> None:
    """A value exactly at the limit meets the goal."""
    assert goal.met(value, bridge) is met


def test_beside_an_unmeasured_bridge_nothing_is_met() -> None:
    """Without the bridge's value a relative goal is missed."""
    assert not of_bridge(0.8).met(100, None)
    assert not above_bridge(1).met(0, None)


def test_either_of_two_is_enough() -> None:
    """On a slow machine the bridge lowers the limit, and the text says so."""
    goal = at_least(150) | of_bridge(0.9)
    assert goal.met(95, 100)
    assert goal.met(155, 1000)
    assert not goal.met(85, 100)
    assert goal.text == "≥ 150 or ≥ 0.90 of bridge"

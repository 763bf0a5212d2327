"""The search for a break, with simulated outcomes whose break is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest

from synthlab.gate.bisection import END_TRIES, Bisection

pytestmark = pytest.mark.issue(16)

COUNT = 21


def searched(fails: Callable[[int], bool], confidence: float = 0.95, most: int = 40, count: int = COUNT) -> Bisection:
    bisection = Bisection(count, confidence, most)
    while (value := bisection.next) is not None:
        bisection.add(value, fails(value))
    return bisection


def gradual(random: Random, threshold: float, scale: float) -> Callable[[int], bool]:
    return lambda value: random.random() < 1 / (1 + math.exp((threshold - value) / scale))


@pytest.mark.parametrize("last", range(COUNT - 1))
def test_a_sharp_break(last: int) -> None:
    """Wherever it is, it is found to a single step, in fewer runs than there are values."""
    bisection = searched(lambda value: value > last)
    assert bisection.state == "found"
    assert (bisection.interval.low, bisection.interval.high) == (last, last + 1)
    assert len(bisection.outcomes) < 16


@pytest.mark.parametrize("last", [0, 7, 19])
def test_a_break_at_low_values(last: int) -> None:
    """If low values fail, such as low rates, the interval is the same; its high end passes."""
    bisection = searched(lambda value: value <= last)
    assert not bisection.rising
    assert (bisection.interval.low, bisection.interval.high) == (last, last + 1)
    assert bisection.curve()[0] > 0.9 > 0.1 > bisection.curve()[-1]


def test_a_run_that_fails_for_another_reason() -> None:
    """One odd outcome near the break costs runs, but does not move the result."""
    odd = {6}

    def fails(value: int) -> bool:
        if value in odd:
            odd.discard(value)
            return True
        return value > 6

    bisection = searched(fails)
    assert (bisection.interval.low, bisection.interval.high) == (6, 7)


@pytest.mark.parametrize(("outcome", "state"), [(True, "fails"), (False, "passes")])
def test_no_break(outcome: bool, state: str) -> None:
    """Where both ends have the same outcome, each is tried a few times, and nothing in between."""
    bisection = searched(lambda value: outcome)
    assert bisection.state == state
    assert not bisection.has_break
    assert bisection.outcomes == [(0, outcome), (COUNT - 1, outcome)] * END_TRIES


@pytest.mark.parametrize("scale", [0.5, 1.5, 3.0])
def test_a_gradual_break(scale: float) -> None:
    """The interval has the true threshold in it at least as often as its confidence says, less what chance allows."""
    random, runs = Random(7), 30
    covered, widths = 0, []
    for _ in range(runs):
        threshold = random.uniform(4, 16)
        bisection = searched(gradual(random, threshold, scale))
        covered += bisection.interval.low <= threshold <= bisection.interval.high
        widths.append(bisection.interval.high - bisection.interval.low)
        assert bisection.has_break
    # Of 30 with 95 % each, fewer than 26 have a chance of 1.6 %; the seed is fixed.
    assert covered >= 26
    assert sorted(widths)[runs // 2] <= 3 + 2 * scale


@pytest.mark.parametrize("seed", range(3))
def test_nine_of_ten(seed: int) -> None:
    """Of ten searches for a gradual break, nine or more have it in their interval."""
    random = Random(seed)
    found = [searched(gradual(random, 6.5, 1.5), most=30) for _ in range(10)]
    assert sum(one.interval.low <= 6.5 <= one.interval.high for one in found) >= 9


def test_runs_are_spent_near_the_break() -> None:
    """After the ends, hardly a run is far from the break."""
    bisection = searched(lambda value: value > 50, count=101)
    assert bisection.state == "found"
    assert sum(abs(value - 50.5) < 26 for value, _ in bisection.outcomes[2:]) >= len(bisection.outcomes) - 4
    assert len(bisection.outcomes) < 20


def test_the_most_runs() -> None:
    """A gradual break that is not narrowed down in time is reported as wide, with the interval so far."""
    bisection = searched(gradual(Random(1), 10.0, 4.0), most=12)
    assert bisection.state == "wide"
    assert len(bisection.outcomes) == 12
    assert bisection.interval.high - bisection.interval.low > 1

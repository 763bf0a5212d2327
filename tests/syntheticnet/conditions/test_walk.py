"""The walk between states: its times, its turns, and that a seed repeats it. Tolerances are five standard errors."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import log, sqrt

import pytest

from syntheticnet.conditions import Conditions, NetworkState, Stay, first_stay, next_stay

from ..veth.chance import SIGMAS, distance, farthest, is_binomial

pytestmark = pytest.mark.issue(15)

STAYS = 20_000
LAW = 10_000
MEANS_S = {"good": 20.0, "congested": 5.0, "gone": 2.0}
STATES = {
    "good": {"mean": "20s", "to": {"congested": 3, "gone": 1}},
    "congested": {"mean": "5s"},
    "gone": {"mean": "2s", "to": {"good": 1}},
}


def states_of(written: object) -> tuple[NetworkState, ...]:
    return Conditions().changed({"states": written}).states


def walked(states: tuple[NetworkState, ...], seed: int, count: int = STAYS) -> list[Stay]:
    stays = [first_stay(states, states[0].name, seed)]
    while len(stays) < count:
        stays.append(next_stay(states, stays[-1], seed))
    return stays


@pytest.fixture(scope="module")
def walk() -> list[Stay]:
    return walked(states_of(STATES), seed=7)


def test_times_are_exponential_with_the_stated_means(walk: list[Stay]) -> None:
    """Mean and distribution of the stays in each state."""
    for name, mean_s in MEANS_S.items():
        lasted = [stay.lasts_ns / 1e9 for stay in walk if stay.state == name]
        assert abs(sum(lasted) / len(lasted) - mean_s) < SIGMAS * mean_s / sqrt(len(lasted))
        law = [-mean_s * log(1 - (n + 0.5) / LAW) for n in range(LAW)]
        assert distance(lasted, law) < farthest(len(lasted), len(law))


def test_the_next_state_follows_the_weights(walk: list[Stay]) -> None:
    """Without weights each other state is equally likely; a state never follows itself."""
    turns = Counter((one.state, other.state) for one, other in pairwise(walk))
    left = Counter(stay.state for stay in walk[:-1])
    assert is_binomial(turns["good", "congested"], left["good"], 3 / 4)
    assert is_binomial(turns["congested", "good"], left["congested"], 1 / 2)
    assert turns["gone", "good"] == left["gone"]
    assert not [name for name in MEANS_S if turns[name, name]]


def test_shares_of_the_time(walk: list[Stay]) -> None:
    """Each state has its long-run share: visits per round times its mean. Rounds from good to good are independent."""
    # From good: congested with 3/4, or gone with 1/4 and then good; from congested: gone with 1/2.
    visits = {"good": 1.0, "congested": 3 / 4, "gone": 1 / 4 + 3 / 4 / 2}
    total_s = sum(visits[name] * mean_s for name, mean_s in MEANS_S.items())
    rounds: list[Counter[str]] = []
    for stay in walk:
        if stay.state == "good":
            rounds.append(Counter())
        rounds[-1][stay.state] += stay.lasts_ns
    spent = [(one, one.total()) for one in rounds[:-1]]
    walked_ns = sum(total for _, total in spent)
    for name, mean_s in MEANS_S.items():
        share = sum(one[name] for one, _ in spent) / walked_ns
        error = sqrt(sum((one[name] - share * total) ** 2 for one, total in spent)) / walked_ns
        assert abs(share - visits[name] * mean_s / total_s) < SIGMAS * error


def test_the_same_seed_gives_the_same_walk(walk: list[Stay]) -> None:
    """Another seed gives another; and a walk goes on from any of its stays."""
    states = states_of(STATES)
    assert walked(states, 7, 100) == walk[:100]
    assert [stay.lasts_ns for stay in walked(states, 8, 100)] != [stay.lasts_ns for stay in walk[:100]]
    assert next_stay(states, walk[50], 7) == walk[51]


def test_values_taken_out_of_the_states_leave_the_walk_as_it_is() -> None:
    conditions = Conditions().changed(
        {"states": {"good": {"mean": "2s"}, "bad": {"mean": "1s", "egress": {"loss": "5%"}}}}
    )
    masked = conditions.changed({"egress": {"loss": "1%"}})
    assert walked(masked.states, 3, 50) == walked(conditions.states, 3, 50)

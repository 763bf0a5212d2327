"""The walk between states: a semi-Markov chain with exponential times in each state.

Each stay draws from its own generator, so that seed and number say all about it: the same seed gives the same walk, and
another process can continue it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from .states import NetworkState


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """The stay with this number, counted from 0, in a state, for `lasts_ns`."""

    number: int
    state: str
    lasts_ns: int


def first_stay(states: Sequence[NetworkState], start: str, seed: int) -> Stay:
    """The stay that a walk begins with."""
    return _stay(states, 0, start, seed)


def next_stay(states: Sequence[NetworkState], stay: Stay, seed: int) -> Stay:
    """The stay after this one: in one of the others, by the weights of the state that is left."""
    left = _named(states, stay.state)
    weights = left.to or {state.name: 1.0 for state in states if state is not left}
    _, share = _draws(seed, stay.number)
    return _stay(states, stay.number + 1, _picked(weights, share), seed)


def _stay(states: Sequence[NetworkState], number: int, name: str, seed: int) -> Stay:
    share, _ = _draws(seed, number)
    # At least 1 ns, so that time moves on.
    lasts_ns = max(1, round(-_named(states, name).mean_ns * math.log(1 - share)))
    return Stay(number=number, state=name, lasts_ns=lasts_ns)


def _draws(seed: int, number: int) -> tuple[float, float]:
    """Two uniform draws from 0 up to but excluding 1: for the length of a stay, and for what follows it."""
    # A text as seed gives the same numbers in every process; its `hash` would not.
    random = Random(f"{seed}/states/{number}")
    return random.random(), random.random()


def _picked(weights: Mapping[str, float], share: float) -> str:
    left = share * sum(weights.values())
    for name, weight in weights.items():
        left -= weight
        if left < 0:
            return name
    return name


def _named(states: Sequence[NetworkState], name: str) -> NetworkState:
    return next(state for state in states if state.name == name)

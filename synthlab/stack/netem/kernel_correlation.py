"""The law of tc-netem's correlation in the Linux kernel, to say how it differs from ours.

sch_netem draws x' = (1 - c) u + c x with u uniform, and hits the packet if x' is at most the stated share. The mean of
many draws is rarely near 0, so a small share is hardly ever reached (tc-netem(8) calls the option deprecated).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, pairwise

_STEPS = 1000
_CLOSE = 1e-7


@lru_cache(maxsize=64)
def kernel_shares(share: float, correlation: float) -> tuple[float, float]:
    """The share of packets that the kernel hits, and the share after a hit, both 0 to 1; within about 2 % of each."""
    cumulated = _stationary(correlation)
    hit = _at(cumulated, share)
    both = sum(
        (upper - lower) * min(max((share - correlation * (cell + 0.5) / _STEPS) / (1 - correlation), 0.0), 1.0)
        for cell, (lower, upper) in enumerate(pairwise(cumulated))
        if (cell + 0.5) / _STEPS < share
    )
    return hit, both / hit if hit else 0.0


def _stationary(correlation: float) -> list[float]:
    """The distribution function F of x, at n / _STEPS, of the fixed point of the recurrence.

    F'(x) = c / (1 - c) * (G(x / c) - G((x - 1 + c) / c)), where G is the integral of F.
    """
    points = [number / _STEPS for number in range(_STEPS + 1)]
    if not correlation:
        return points
    scale = correlation / (1 - correlation)
    present = points
    while True:
        integral = [0.0, *accumulate((one + other) / 2 / _STEPS for one, other in pairwise(present))]
        before, present = (
            present,
            [
                scale
                * (_integral(integral, x / correlation) - _integral(integral, (x - 1 + correlation) / correlation))
                for x in points
            ],
        )
        if max(abs(one - other) for one, other in zip(before, present, strict=True)) < _CLOSE:
            return present


def _integral(integral: list[float], x: float) -> float:
    """G at `x`: 0 below 0, and beyond 1 a line, because F is 1 there."""
    if x <= 0:
        return 0.0
    return integral[-1] + x - 1 if x >= 1 else _at(integral, x)


def _at(values: list[float], x: float) -> float:
    """A value between two points."""
    place = min(x, 1.0) * _STEPS
    cell = min(int(place), _STEPS - 1)
    return values[cell] + (place - cell) * (values[cell + 1] - values[cell])

"""Correlated draws: uniform in 0..1, each following the one before it, whatever distribution is made of them.

A Gaussian AR(1) process x' = r x + sqrt(1 - r^2) n keeps mean and spread; its normal quantile turned into a uniform
draw keeps any distribution made of that (a Gaussian copula; Nelsen, An Introduction to Copulas, 2006).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import sqrt
from statistics import NormalDist, pvariance

_NORMAL = NormalDist()
_LEAST = _NORMAL.cdf(-8.0)
_POINTS = [_NORMAL.inv_cdf((n + 0.5) / 1000) for n in range(1000)]
_DEGREES = 16
_STEPS = 20

Random = Callable[[], float]


def correlated(random: Random, quantile: Callable[[float], float], correlation: float) -> Random:
    """Draws for `quantile` whose results have this correlation (0 to below 1) between neighbours."""
    follow = _underlying(quantile, correlation)
    rest = sqrt(1 - follow * follow)
    last = _NORMAL.inv_cdf(max(random(), _LEAST))

    def draw() -> float:
        nonlocal last
        last = follow * last + rest * _NORMAL.inv_cdf(max(random(), _LEAST))
        return _NORMAL.cdf(last)

    return draw


@lru_cache(maxsize=64)
def _underlying(quantile: Callable[[float], float], correlation: float) -> float:
    """The correlation of the normal process that gives this one between its results.

    Results correlate less: with Hermite coefficients a_k of the results, by sum(a_k^2 r^k) / variance (Mehler 1866).
    """
    values = [quantile(_NORMAL.cdf(point)) for point in _POINTS]
    variance = pvariance(values)
    shares = [square / variance for square in _hermite_squares(values)] if variance else [1.0]
    shares.append(max(0.0, 1 - sum(shares)))  # of all higher degrees
    low, high = correlation, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if sum(share * middle**degree for degree, share in enumerate(shares, start=1)) < correlation:
            low = middle
        else:
            high = middle
    return low


def _hermite_squares(values: list[float]) -> list[float]:
    """The squared coefficients of degrees 1 to `_DEGREES` in normalized Hermite polynomials, of values at `_POINTS`."""
    before, now = [0.0] * len(_POINTS), [1.0] * len(_POINTS)
    squares = []
    for degree in range(_DEGREES):
        scale = sqrt(degree + 1)
        before, now = (
            now,
            [
                (point * one - sqrt(degree) * other) / scale
                for point, one, other in zip(_POINTS, now, before, strict=True)
            ],
        )
        squares.append((sum(map(float.__mul__, values, now)) / len(values)) ** 2)
    return squares

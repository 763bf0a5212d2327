"""Jitter distributions: draws compared with the distribution functions, and the lower bounds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from math import sqrt
from statistics import NormalDist
from typing import Any

import pytest

from syntheticnet.conditions.files import Files
from syntheticnet.elements.distribution import Distribution, distribution_of, normal, pareto, paretonormal

from ..builders import Bench, requested

MANY = 20_000
N = NormalDist()


def distribution(seed: int = 1, files: Files | None = None, **written: Any) -> Distribution:
    return distribution_of(requested(jitter="10ms", **written), Bench(seed, files).context)


def drawn(made: Distribution) -> list[float]:
    return sorted(made.draw() for _ in range(MANY))


def inverse(quantile: Callable[[float], float]) -> Callable[[float], float]:
    """The distribution function of a quantile function, by halving."""

    def cdf(value: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if quantile(middle) <= value else (low, middle)
        return low

    return cdf


@pytest.mark.parametrize(
    ("name", "cdf"),
    [
        ("uniform", lambda x: (x + 1) / 2),
        ("one-sided", lambda x: x),
        ("normal", N.cdf),
        ("pareto", lambda x: 1 - (x * 0.75 + 1.5) ** -3),
        ("paretonormal", inverse(lambda q: (N.inv_cdf(min(max(q, 1e-9), 1 - 1e-9)) + 3 * pareto(q)) / 4)),
    ],
)
def test_draws_follow_the_law(name: str, cdf: Callable[[float], float]) -> None:
    """Kolmogorov-Smirnov: nowhere between the ends does the share of draws stray from the law by more than chance."""
    values = drawn(distribution(distribution=name))
    grid = [n / 50 for n in range(-74, 180)]
    inside = [x for x in grid if values[0] < x < min(values[-1], 3.5)]
    assert len(inside) > 40
    worst = max(abs(bisect_right(values, x) / MANY - cdf(x)) for x in inside)
    assert worst < 1.95 / sqrt(MANY)  # one seed in a thousand would fail


@pytest.mark.parametrize(
    ("written", "least"),
    [
        ({}, -1.0),
        ({"distribution": "one-sided"}, 0.0),
        ({"distribution": "normal"}, -4.0),
        ({"distribution": "pareto"}, -2 / 3),
        ({"distribution": "paretonormal"}, -1.5),
        ({"distribution": "one-sided", "jitter_share": "50%"}, 0.0),
        ({"distribution": "pareto", "jitter_share": "50%"}, -2 / 3),
    ],
)
def test_least(written: dict[str, Any], least: float) -> None:
    """No draw is below `least`, which `slack` relies on."""
    made = distribution(**written)
    assert made.least == pytest.approx(least)
    assert min(drawn(made)) >= made.least


def test_ends_of_the_tables() -> None:
    """iproute2's entries are 16 bits with 8192 to the unit: nothing deviates by more than 4."""
    for quantile in (normal, pareto, paretonormal):
        assert quantile(0.0) <= quantile(1e-6) <= quantile(0.5) <= quantile(0.999_999) <= quantile(1.0) <= 4.000_001
    assert pareto(1.0) == 32767 / 8192
    assert normal(0.5) == pytest.approx(0.0)


def test_table() -> None:
    """Each entry of an uploaded table is drawn as often as any other."""
    files = Files({"w.dist": b"# mine\n-8192 0\n 0 16384\n"})
    made = distribution(files=files, jitter_table="w.dist")
    values = drawn(made)
    assert made.least == -1.0
    for value, share in ((-1.0, 0.25), (0.0, 0.5), (2.0, 0.25)):
        assert abs(values.count(value) / MANY - share) < 5 * sqrt(share * (1 - share) / MANY)


def test_share() -> None:
    """Packets outside the jitter share do not deviate."""
    values = drawn(distribution(distribution="one-sided", jitter_share="30%"))
    assert abs(values.count(0.0) / MANY - 0.7) < 5 * sqrt(0.21 / MANY)

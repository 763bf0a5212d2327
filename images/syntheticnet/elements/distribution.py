"""Jitter distributions: how far a packet's delay deviates from the latency, in units of the jitter.

normal, pareto and paretonormal match the tables iproute2 ships for tc-netem (netem/normal.c, pareto.c,
paretonormal.c), drawn from their formulas: with x uniform in 0..1 and N the normal quantile,
pareto is ((1 - x)^(-1/3) - 3/2) * 4/3, and paretonormal (N(x) + 3 pareto(x)) / 4. Deviations are capped at 4 as there:
a table entry has 16 bits, 8192 to the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import NamedTuple

from ..conditions import LinkConditions
from ..conditions.traces import read_table
from .correlated import correlated
from .element import ElementContext

MOST = 32767 / 8192

_quantile = NormalDist().inv_cdf
_LEAST_SHARE = NormalDist().cdf(-4.0)

Random = Callable[[], float]


class Distribution(NamedTuple):
    """`draw` returns one deviation, never below `least`."""

    draw: Random
    least: float


def distribution_of(values: LinkConditions, context: ElementContext) -> Distribution:
    """The distribution of the jitter set in `values`, drawing from the random stream of `context`."""
    random = context.rng.random
    if values.jitter_table is not None:
        quantile = _table(context.files.parsed(values.jitter_table, read_table))
    else:
        quantile = _QUANTILES[values.distribution or "uniform"]
    source = correlated(random, quantile, values.jitter_correlation) if values.jitter_correlation else random
    distribution = Distribution(lambda: quantile(source()), quantile(0.0))
    return distribution if values.jitter_share is None else _partial(distribution, values.jitter_share, random)


def named(name: str | None, random: Random) -> Distribution:
    """A distribution by its name, uniform by default, of independent draws."""
    quantile = _QUANTILES[name or "uniform"]
    return Distribution(lambda: quantile(random()), quantile(0.0))


def pareto(x: float) -> float:
    """The quantile at `x`, from 0 to 1."""
    return min(((1.0 - x) ** (-1 / 3) - 1.5) * (4 / 3), MOST) if x < 1.0 else MOST


def normal(x: float) -> float:
    """The quantile at `x`, clipped to 4 standard deviations."""
    return _quantile(min(max(x, _LEAST_SHARE), 1.0 - _LEAST_SHARE))


def paretonormal(x: float) -> float:
    """The quantile at `x`: a quarter normal, three quarters pareto."""
    return min((normal(x) + 3.0 * pareto(x)) / 4.0, MOST)


def uniform(x: float) -> float:
    """The quantile at `x`."""
    return 2.0 * x - 1.0


def one_sided(x: float) -> float:
    """The quantile at `x`."""
    return x


Quantile = Callable[[float], float]

_QUANTILES: dict[str, Quantile] = {
    "uniform": uniform,
    "one-sided": one_sided,
    "normal": normal,
    "pareto": pareto,
    "paretonormal": paretonormal,
}


def _table(entries: Sequence[float]) -> Quantile:
    """Each entry with equal probability."""
    ascending = sorted(entries)
    count = len(ascending)
    return lambda x: ascending[min(int(x * count), count - 1)]


def _partial(distribution: Distribution, share: float, random: Random) -> Distribution:
    """The same law for a share of packets; the others do not deviate."""
    draw = distribution.draw
    return Distribution(lambda: draw() if random() < share else 0.0, min(distribution.least, 0.0))

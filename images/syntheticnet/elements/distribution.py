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
    """The distribution set in `values`, drawing from the random stream of `context`."""
    random = context.rng.random
    if values.jitter_table is not None:
        distribution = _table(context.files.parsed(values.jitter_table, read_table), random)
    else:
        distribution = _DISTRIBUTIONS[values.distribution or "uniform"](random)
    return distribution if values.jitter_share is None else _partial(distribution, values.jitter_share, random)


def pareto(x: float) -> float:
    """The quantile at `x`, from 0 to 1."""
    return min(((1.0 - x) ** (-1 / 3) - 1.5) * (4 / 3), MOST) if x < 1.0 else MOST


def normal(x: float) -> float:
    """The quantile at `x`, clipped to 4 standard deviations."""
    return _quantile(min(max(x, _LEAST_SHARE), 1.0 - _LEAST_SHARE))


def paretonormal(x: float) -> float:
    """The quantile at `x`: a quarter normal, three quarters pareto."""
    return min((normal(x) + 3.0 * pareto(x)) / 4.0, MOST)


def _uniform(random: Random) -> Distribution:
    return Distribution(lambda: 2.0 * random() - 1.0, -1.0)


def _one_sided(random: Random) -> Distribution:
    return Distribution(random, 0.0)


def _by_quantile(quantile: Callable[[float], float]) -> Callable[[Random], Distribution]:
    return lambda random: Distribution(lambda: quantile(random()), quantile(0.0))


_DISTRIBUTIONS: dict[str, Callable[[Random], Distribution]] = {
    "uniform": _uniform,
    "one-sided": _one_sided,
    "normal": _by_quantile(normal),
    "pareto": _by_quantile(pareto),
    "paretonormal": _by_quantile(paretonormal),
}


def _table(entries: Sequence[float], random: Random) -> Distribution:
    """Draws each entry with equal probability."""
    count = len(entries)
    return Distribution(lambda: entries[int(random() * count)], min(entries))


def _partial(distribution: Distribution, share: float, random: Random) -> Distribution:
    """The same law for a share of packets; the others do not deviate."""
    draw = distribution.draw
    return Distribution(lambda: draw() if random() < share else 0.0, min(distribution.least, 0.0))

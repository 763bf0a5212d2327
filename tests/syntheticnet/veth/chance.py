"""Tolerances for measured shares, means and distributions: five standard errors, or equally unlikely."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from math import log, sqrt
from statistics import NormalDist

SIGMAS = 5
UNLIKELY = 2 * NormalDist().cdf(-SIGMAS)
_LAGS = 2000
_STEPS = 1000


def is_binomial(hits: int, trials: int, share: float) -> bool:
    """Whether this number of hits is plausible for independent trials."""
    return abs(hits - trials * share) < SIGMAS * sqrt(trials * share * (1 - share))


class Chain:
    """A Markov chain that moves once per packet and loses it with the probability of its state."""

    def __init__(self, moves: Sequence[Sequence[float]], losses: Sequence[float]) -> None:
        self._moves = moves
        self._losses = losses
        self._steady = [1 / len(losses)] * len(losses)
        for _ in range(_LAGS):
            self._steady = self._moved(self._steady)
        self.share = self._lost(self._steady)
        """The share of packets that are lost in the long run."""

    def error(self, count: int) -> float:
        """The standard error of the share among consecutive, correlated packets."""
        mean = self.share
        variance = mean * (1 - mean)
        weighted = [held * lost for held, lost in zip(self._steady, self._losses, strict=True)]
        for _ in range(_LAGS):
            weighted = self._moved(weighted)
            variance += 2 * (self._lost(weighted) - mean * mean)
        return sqrt(variance / count)

    def _moved(self, held: Sequence[float]) -> list[float]:
        rows = zip(held, self._moves, strict=True)
        products = [[weight * move for move in row] for weight, row in rows]
        return [sum(column) for column in zip(*products, strict=True)]

    def _lost(self, held: Sequence[float]) -> float:
        return sum(weight * lost for weight, lost in zip(held, self._losses, strict=True))


def bursts(numbers: set[int]) -> list[int]:
    """The lengths of the runs of consecutive numbers."""
    firsts = sorted(n for n in numbers if n - 1 not in numbers)
    lasts = sorted(n for n in numbers if n + 1 not in numbers)
    return [last - first + 1 for first, last in zip(firsts, lasts, strict=True)]


def are_geometric(lengths: Sequence[int], mean: float) -> bool:
    """Whether lengths may be those of runs that go on with the same probability after each packet.

    By their mean, and by the share that is longer than k, for each k that enough are longer than.
    """
    count, stay = len(lengths), 1 - 1 / mean
    if abs(sum(lengths) / count - mean) >= SIGMAS * sqrt(stay) * mean / sqrt(count):
        return False
    enough = [k for k in range(1, max(lengths)) if count * stay**k >= SIGMAS**2]
    return all(is_binomial(sum(length > k for length in lengths), count, stay**k) for k in enough)


def spread(quantile: Callable[[float], float], errors: Sequence[float]) -> list[float]:
    """Sorted draws from a distribution with this quantile function, each with one of `errors` added."""
    few = sorted(errors)[:: max(1, len(errors) // 100)]
    values = [quantile((n + 0.5) / _STEPS) for n in range(_STEPS)]
    return sorted(value + error for value in values for error in few)


def distance(sample: Sequence[float], law: Sequence[float]) -> float:
    """The Kolmogorov-Smirnov distance between the sample and the distribution."""
    ordered = sorted(sample)
    worst = 0.0
    for n, value in enumerate(ordered):
        below, upto = bisect_left(law, value) / len(law), bisect_right(law, value) / len(law)
        worst = max(worst, (n + 1) / len(ordered) - upto, below - n / len(ordered))
    return worst


def farthest(*counts: int) -> float:
    """The Kolmogorov-Smirnov distance as unlikely by chance as five standard errors."""
    return sqrt(log(2 / UNLIKELY) / 2 * sum(1 / count for count in counts))

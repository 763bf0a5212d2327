"""Compares two small samples without assuming a distribution: the exact permutation test of their means.

- The p-value is exact: of all ways to share the values among the samples, the share whose means are at least as far
  apart (R. A. Fisher: The Design of Experiments, 1935), counted with the shift algorithm (B. Streitberg, J. Roehmel:
  Exact distributions for permutation and rank tests, Statistical Software Newsletter 12, 1986).
- The effect is the Hodges-Lehmann estimate, the median of all differences, which a single odd run hardly moves, with
  its interval (M. Hollander, D. A. Wolfe: Nonparametric Statistical Methods, chapter 4).
- Several tests are corrected by Holm's method (S. Holm: A simple sequentially rejective multiple test procedure,
  Scandinavian Journal of Statistics 6, 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import comb
from statistics import median

LEVELS = 200
"""Values are rounded to this many steps of their range."""


@dataclass(frozen=True, slots=True)
class Shift:
    """By how much the second sample is above the first; the ends are None where the samples are too small for one."""

    estimate: float
    low: float | None
    high: float | None


def permutation_p(base: Sequence[float], new: Sequence[float]) -> float:
    """The two-sided p-value: how likely means at least as far apart are if both samples are alike."""
    scores = _scores([*base, *new])
    # Compared as whole numbers: sums times the number of values, from their mean over all ways.
    mean, seen = sum(scores) * len(base), sum(scores[: len(base)]) * len(scores)
    counts = _sums(tuple(sorted(scores)), len(base))
    extreme = sum(count for total, count in counts.items() if abs(total * len(scores) - mean) >= abs(seen - mean))
    return extreme / comb(len(scores), len(base))


def least_p(base: int, new: int) -> float:
    """The smallest p-value that samples of these sizes can have."""
    return min(1.0, 2 / comb(base + new, base)) if base and new else 1.0


def shift(base: Sequence[float], new: Sequence[float], confidence: float = 0.95) -> Shift:
    """The Hodges-Lehmann shift from `base` to `new`, with its interval."""
    differences = sorted(after - before for before in base for after in new)
    outside = _most_outside(len(base), len(new), (1 - confidence) / 2)
    if not outside:
        return Shift(median(differences), None, None)
    return Shift(median(differences), differences[outside - 1], differences[-outside])


def fisher_p(base: tuple[int, int], new: tuple[int, int]) -> float:
    """Fisher's exact two-sided p-value for two counts of (passed, failed)."""
    passed, runs = base[0] + new[0], sum(base) + sum(new)
    ways = {
        first: comb(passed, first) * comb(runs - passed, sum(base) - first)
        for first in range(max(0, passed - sum(new)), min(passed, sum(base)) + 1)
    }
    return sum(count for count in ways.values() if count <= ways[base[0]]) / comb(runs, sum(base))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for their number, in the same order: each may be compared with the level itself."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    raised = accumulate((min(1.0, p_values[at] * (len(order) - place)) for place, at in enumerate(order)), max)
    corrected = dict(zip(order, raised, strict=True))
    return [corrected[at] for at in range(len(p_values))]


def _scores(values: Sequence[float]) -> list[int]:
    """The values as whole numbers from 0 to LEVELS; rounding treats both samples alike, so the test stays exact."""
    low, high = min(values), max(values)
    return [round((value - low) / (high - low) * LEVELS) if high > low else 0 for value in values]


@lru_cache(16)
def _sums(scores: tuple[int, ...], size: int) -> dict[int, int]:
    """How many choices of `size` of the scores have each sum."""
    counts: list[dict[int, int]] = [{0: 1}, *({} for _ in range(size))]
    for score in scores:
        for chosen in range(size, 0, -1):
            for total, count in counts[chosen - 1].items():
                counts[chosen][total + score] = counts[chosen].get(total + score, 0) + count
    return counts[size]


def _most_outside(base: int, new: int, share: float) -> int:
    """The number of smallest differences that the interval leaves out: as many as have at most this probability."""
    counts = _sums(tuple(range(1, base + new + 1)), base)
    least, total, outside = base * (base + 1) // 2, 0, 0
    for above in range(base * new + 1):
        total += counts.get(least + above, 0)
        if total / comb(base + new, base) > share:
            break
        outside = above + 1
    return outside

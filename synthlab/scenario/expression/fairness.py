"""Fairness: how evenly several flows share."""

from __future__ import annotations

from collections.abc import Sequence


def jain(amounts: Sequence[float]) -> float | None:
    """Jain's index of what each flow got: 1 if all are equal, 1/n if one has everything; None if nobody got anything.

    R. Jain, D. Chiu, W. Hawe: A Quantitative Measure of Fairness and Discrimination, DEC-TR-301 (1984).
    """
    squares = sum(amount * amount for amount in amounts)
    return sum(amounts) ** 2 / (len(amounts) * squares) if squares else None

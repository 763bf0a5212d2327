"""Goals for figures: an absolute limit, or one relative to the kernel bridge or the bare loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """`met(forwarder, beside)` compares two medians; the other kind's is None if not measured."""

    text: str
    met: Callable[[float, float | None], bool]


def at_least(limit: float) -> Goal:
    return Goal(f"≥ {limit:g}", lambda value, _: value >= limit)


def at_most(limit: float) -> Goal:
    return Goal(f"≤ {limit:g}", lambda value, _: value <= limit)


def within(limit: float) -> Goal:
    """At most `limit` from zero, either side."""
    return Goal(f"± {limit:g}", lambda value, _: abs(value) <= limit)


def of_bridge(share: float) -> Goal:
    """For a figure of pairs: at least this share of the bridge's value."""
    return Goal(f"≥ {share:.2f} of bridge", lambda ratio, _: ratio >= share)


def times_floor(ratio: float) -> Goal:
    """At most this multiple of the bare loop's value."""
    return Goal(f"≤ {ratio:.1f} x floor", lambda value, floor: floor is not None and value <= ratio * floor)


def above_bridge(limit: float) -> Goal:
    """At most `limit` above the bridge's value."""
    return Goal(f"≤ bridge + {limit:g}", lambda value, bridge: bridge is not None and value - bridge <= limit)

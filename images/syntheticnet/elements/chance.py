"""Chance: whether a packet is hit, where one hit makes the next more likely or not.

A two-state chain: P(hit after hit) = c + (1 - c) p, P(hit after miss) = (1 - c) p, so that the share of hits is p
whatever the correlation c. tc-netem compares p with a weighted mean of draws instead, which is rarely below a small p.
"""

from __future__ import annotations

from .element import RandomStream


class Chance:
    """Hits a `share` of packets, with a `correlation` from 0 (independent) to below 1; starts in its steady state."""

    __slots__ = ("_after_hit", "_after_miss", "_odds", "_share", "_stream")

    def __init__(self, stream: RandomStream, share: float | None, correlation: float | None) -> None:
        self._stream = stream
        self._share, correlation = share or 0.0, correlation or 0.0
        self._after_miss = (1 - correlation) * self._share
        self._after_hit = correlation + self._after_miss if self._share else 0.0
        self.restart()

    def restart(self) -> None:
        """Forget the last packet."""
        self._odds = self._share

    def hit(self) -> bool:
        """Decide for the next packet, with one draw."""
        hit = self._stream.random() < self._odds
        self._odds = self._after_hit if hit else self._after_miss
        return hit

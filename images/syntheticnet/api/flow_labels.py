"""Which flows have a label of their own in metrics: a bounded number, the others are summed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

MOST_NAMED = 64
DEFAULT, OTHER = "default", "other"
"""Packets of no flow; the sum of the flows without a label of their own."""


class FlowLabels:
    """The first 64 flows are named. A flow keeps what it has while it exists: else sums would jump."""

    def __init__(self) -> None:
        self._named: set[str] = set()
        self._others: set[str] = set()

    def of(self, flows: Iterable[str]) -> list[str]:
        """The named ones among these, which are all that exist, in order."""
        present = dict.fromkeys(flows)
        self._named &= present.keys()
        self._others &= present.keys()
        for name in present:
            if name in self._named or name in self._others:
                continue
            has_room = len(self._named) < MOST_NAMED and name != OTHER
            (self._named if has_room else self._others).add(name)
        return [name for name in present if name in self._named]


class Rising:
    """Sums that never fall, also when something leaves them: what a counter of Prometheus must be."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, tuple[float, float]] = {}

    def of(self, key: Hashable, total: float) -> float:
        """`total`, or what it was before it fell and what has come since."""
        last, missing = self._seen.get(key, (0.0, 0.0))
        missing += max(0.0, last - total)
        self._seen[key] = (total, missing)
        return total + missing

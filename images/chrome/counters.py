"""Totals, rates and means from a getStats entry. An unknown value is None, never 0."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class StatsDelta:
    """A getStats entry, and the same entry a second earlier."""

    now: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)

    def total(self, key: str, scale: float = 1, digits: int = 0) -> float | None:
        value = self.now.get(key)
        if value is None:
            return None
        return round(float(value * scale), digits) if digits else int(value * scale)

    def growth(self, key: str) -> float | None:
        """None if the counter is missing or was reset."""
        if key not in self.now or key not in self.before or self.now[key] < self.before[key]:
            return None
        return float(self.now[key] - self.before[key])

    def rate(self, key: str, scale: float = 1) -> float | None:
        """Growth per second."""
        growth, elapsed_ms = self.growth(key), self.growth("timestamp")
        return round(growth * scale * 1000 / elapsed_ms, 1) if growth is not None and elapsed_ms else None

    def mean_ms(self, total_s: str, count: str) -> float | None:
        """Mean since the earlier sample; `total_s` names a counter in seconds."""
        seconds, counted = self.growth(total_s), self.growth(count)
        return round(seconds * 1000 / counted, 1) if seconds is not None and counted else None


def paired(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[StatsDelta]:
    """Pair each stats entry of a connection with the same entry of the earlier sample."""
    known = {entry["id"]: entry for entry in before.get("stats", ())}
    for entry in after["stats"]:
        yield StatsDelta(entry, known.get(entry["id"], {}))


def of_type(entries: Iterable[StatsDelta], kind: str) -> Iterator[StatsDelta]:
    return (counters for counters in entries if counters.now["type"] == kind)


def known(**values: Any) -> dict[str, Any]:
    """Leave out None and empty objects."""
    return {key: value for key, value in values.items() if value is not None and value != {}}


def total_of(values: Iterable[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return round(sum(present), 1) if present else None


def most_of(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)

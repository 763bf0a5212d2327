"""What was measured: samples of each number over the run's time, and how one value is had from several.

Every number is sampled once a second. What the clients publish as fps and kbps is already a mean over the second before
the sample; an expression takes the mean of the samples of the last two seconds of these, and of the achieved rate and
loss. Of any other number it takes the newest sample. One older than three seconds is no number.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

SAMPLE_S = 1.0
AVERAGE_S = 2.0
FRESH_S = 3.0

Value = float | str


@dataclass(frozen=True, slots=True)
class Sample:
    """`at_s` is when it was measured, in seconds of the run."""

    at_s: float
    value: Value


class Samples(Protocol):
    """What expressions are evaluated on."""

    @property
    def baseline(self) -> tuple[float, float] | None:
        """From when to when the last baseline was taken, if any was."""
        ...

    def window(self, name: str, since_s: float, until_s: float) -> Sequence[Sample]:
        """The samples of a number after `since_s` and up to `until_s`, in order of time."""
        ...


@dataclass(slots=True)
class Recorded:
    """Samples in memory."""

    baseline: tuple[float, float] | None = None
    _times: dict[str, list[float]] = field(default_factory=dict)
    _series: dict[str, list[Sample]] = field(default_factory=dict)

    def add(self, at_s: float, values: Mapping[str, Value]) -> None:
        """Keep what was measured at a time; times of one number must rise."""
        for name, value in values.items():
            self._times.setdefault(name, []).append(at_s)
            self._series.setdefault(name, []).append(Sample(at_s, value))

    def window(self, name: str, since_s: float, until_s: float) -> Sequence[Sample]:
        times = self._times.get(name, [])
        return self._series.get(name, [])[bisect_right(times, since_s) : bisect_right(times, until_s)]

    def forget(self, before_s: float) -> None:
        """Drop the samples before a time, but not those of the baseline."""
        if self.baseline is not None:
            before_s = min(before_s, self.baseline[0])
        for name, times in list(self._times.items()):
            count = bisect_right(times, before_s)
            del times[:count], self._series[name][:count]

    def names(self) -> list[str]:
        return list(self._series)

    def series(self, name: str) -> Sequence[Sample]:
        """All samples of a number."""
        return tuple(self._series.get(name, ()))


def newest(samples: Samples, name: str, now_s: float) -> Value | None:
    """The newest sample; None where it is missing or stale."""
    found = samples.window(name, now_s - FRESH_S, now_s)
    return found[-1].value if found else None


def averaged(samples: Samples, name: str, now_s: float, window_s: float) -> Value | None:
    """The mean of a window's samples, or the newest sample where the window has none; None where that is stale."""
    last = newest(samples, name, now_s)
    if last is None or isinstance(last, str):
        return last
    values = numbers(samples.window(name, now_s - window_s, now_s)) or [last]
    return sum(values) / len(values)


def numbers(found: Sequence[Sample]) -> list[float]:
    """The values of samples, without texts."""
    return [sample.value for sample in found if not isinstance(sample.value, str)]

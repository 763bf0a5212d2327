"""What was measured: samples of each number over the run's time, and when it was absent.

A number that an expectation speaks of is sampled at most 250 ms apart. Rates (`fps`, `kbps`, the achieved rate and
loss) are means over the second before their sample. A client that answers without a number, or does not answer, has
no data at that time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from threading import RLock
from typing import Protocol

from ...contract import SFU_HOST

SAMPLE_S = 0.25
RATE_S = 1.0
"""What a rate is the mean of: the time before its sample."""
SPARSE_S = 1.0
"""How far apart the kept samples are of numbers that no expectation speaks of."""
LINKS = ("ingress", "egress", "flows")

Value = float | str


@dataclass(frozen=True, slots=True)
class Sample:
    """`at_s` is when it was measured, in seconds of the run. A value of None: from then on the number was absent."""

    at_s: float
    value: Value | None


class Samples(Protocol):
    """What expressions are evaluated on."""

    @property
    def baseline(self) -> tuple[float, float] | None:
        """From when to when the last baseline was taken, if any was."""
        ...

    def newest(self, name: str, now_s: float) -> Sample | None:
        """What is known last of a number: a sample, or that it is absent, and as of when; None if nobody asked yet."""
        ...

    def absent_s(self, name: str, now_s: float) -> float:
        """From when on a number that is absent has been so; minus infinity where it was never there."""
        ...

    def window(self, name: str, since_s: float, until_s: float) -> Sequence[Sample]:
        """The samples of a number after `since_s` and up to `until_s`, in order of time, with its absences."""
        ...

    def covers(self, name: str, since_s: float, until_s: float) -> bool:
        """Whether a number was there from `since_s` to `until_s` without a break."""
        ...


def source_of(name: str) -> str:
    """What a number is told with: `client1.video` tells all numbers of that, at one time."""
    client, *rest = name.split(".", 2)
    return client if client == SFU_HOST and rest[:1] and rest[0] not in LINKS else ".".join([client, *rest[:1]])


@dataclass(slots=True)
class Recorded:
    """Samples in memory, added by one thread and read by others.

    Numbers that are not in `fine` (None: all are) are kept once a second only.
    """

    baseline: tuple[float, float] | None = None
    fine: Iterable[str] | None = None
    _times: dict[str, list[float]] = field(default_factory=dict)
    _series: dict[str, list[Sample]] = field(default_factory=dict)
    _present: dict[str, set[str]] = field(default_factory=dict)
    _heard: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Of each source: until when it is known what it tells, and when it last measured or was found silent."""
    _lock: RLock = field(default_factory=RLock)

    def add(self, at_s: float, values: Mapping[str, Value], sources: Iterable[str] = ()) -> None:
        """Keep all that was told at a time; `sources` are those that were asked, and may have told nothing."""
        asked = {*sources, *map(source_of, values)}
        self.hear(at_s, dict.fromkeys(asked, at_s), {name: Sample(at_s, value) for name, value in values.items()})

    def hear(self, now_s: float, sources: Mapping[str, float], samples: Mapping[str, Sample]) -> None:
        """Keep what sources told, each as of its own time; what they told before and do not now is absent."""
        reported: dict[str, set[str]] = {source: set() for source in sources}
        with self._lock:
            for name, sample in samples.items():
                source = source_of(name)
                reported[source].add(name)
                self._keep(name, sample, source)
            for source, names in reported.items():
                for name in self._present.get(source, set()) - names:
                    self._append(name, Sample(sources[source], None))
                self._present[source] = names
                self._heard[source] = now_s, sources[source]

    def silence(self, since_s: float, now_s: float, sources: Iterable[str]) -> None:
        """Note that sources have not answered since a time: all that they told is absent."""
        with self._lock:
            for source in sources:
                for name in self._present.pop(source, set()):
                    self._append(name, Sample(since_s, None))
                self._heard[source] = now_s, now_s

    def known_s(self, names: Iterable[str]) -> float | None:
        """The time up to which all of these are known; None while some have not been asked for."""
        with self._lock:
            heard = [self._heard.get(source_of(name)) for name in names]
        return None if None in heard else min((one[0] for one in heard if one), default=None)

    def newest(self, name: str, now_s: float) -> Sample | None:
        with self._lock:
            heard = self._heard.get(source_of(name))
            if heard is None:
                return None
            last = self._last(name, now_s)
            return Sample(min(heard[1], now_s), None) if last.value is None else last

    def absent_s(self, name: str, now_s: float) -> float:
        with self._lock:
            return self._last(name, now_s).at_s

    def window(self, name: str, since_s: float, until_s: float) -> Sequence[Sample]:
        with self._lock:
            times = self._times.get(name, [])
            return self._series.get(name, [])[bisect_right(times, since_s) : bisect_right(times, until_s)]

    def covers(self, name: str, since_s: float, until_s: float) -> bool:
        with self._lock:
            times, series = self._times.get(name, []), self._series.get(name, [])
            # What was first asked for a moment after `since_s` had no earlier chance.
            begin = max(bisect_right(times, since_s) - 1, 0)
            found = series[begin : bisect_right(times, until_s)]
            return bool(found) and found[0].at_s <= since_s + SAMPLE_S and all(one.value is not None for one in found)

    def forget(self, before_s: float) -> None:
        """Drop the samples before a time, but not those of the baseline."""
        if self.baseline is not None:
            before_s = min(before_s, self.baseline[0])
        with self._lock:
            for name, times in list(self._times.items()):
                count = bisect_right(times, before_s)
                del times[:count], self._series[name][:count]

    def names(self) -> list[str]:
        return list(self._series)

    def series(self, name: str) -> Sequence[Sample]:
        """All samples of a number."""
        return tuple(self._series.get(name, ()))

    def _last(self, name: str, now_s: float) -> Sample:
        count = bisect_right(self._times.get(name, []), now_s)
        return self._series[name][count - 1] if count else Sample(-inf, None)

    def _keep(self, name: str, sample: Sample, source: str) -> None:
        """Keep a sample, if it is a new one that is wanted; before a number's first one it was absent."""
        heard = self._heard.get(source)
        if heard and name not in self._present.get(source, set()):
            self._append(name, Sample(min(heard[1], sample.at_s), None))
        elif (times := self._times.get(name)) and sample.at_s - times[-1] < self._apart_s(name):
            return
        self._append(name, sample)

    def _apart_s(self, name: str) -> float:
        """How far from the one before a sample must be; one that was read twice is the same."""
        return SAMPLE_S / 4 if self.fine is None or name in self.fine else SPARSE_S - SAMPLE_S / 2

    def _append(self, name: str, sample: Sample) -> None:
        """Times of one number rise, and an absence is noted once."""
        series, times = self._series.setdefault(name, []), self._times.setdefault(name, [])
        if sample.value is None and series and series[-1].value is None:
            return
        times.append(max(sample.at_s, times[-1] if times else sample.at_s))
        series.append(Sample(times[-1], sample.value))


def numbers(found: Sequence[Sample]) -> list[float]:
    """The values of samples, without texts and absences."""
    return [sample.value for sample in found if isinstance(sample.value, float | int)]


def growth(found: Sequence[Sample], total: bool) -> float | None:
    """From the first sample to the last; a total that fell began anew, and counts from 0 since. None without any."""
    values = numbers(found)
    if not values:
        return None
    if not total:
        return values[-1] - values[0]
    return sum(after - before if after >= before else after for before, after in pairwise(values))

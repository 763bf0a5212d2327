"""Samples of every number over the time of a run, and the times at which a number had no data.

Numbers used by an expectation are sampled at most 250 ms apart. Rates (`fps`, `kbps`, the achieved rate and loss) are
means over the second before the sample. A client that does not answer, or answers without a number, has no data.

"No data" is kept apart from 0: a frozen picture has 0 fps, a crashed tab has none, and `fps < 5` must not pass on it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from threading import RLock
from typing import Protocol

from ...text.durations import MS_NS, SECOND_NS

SAMPLE_NS = 250 * MS_NS
RATE_NS = SECOND_NS
"""The averaging window of rates, ending at the sample."""
SPARSE_NS = SECOND_NS
"""The interval of samples of numbers that no expectation uses."""
NEVER_NS = -(1 << 63)
"""A time before every run, for numbers that have never had data."""
LINKS = ("ingress", "egress", "flows")

Value = float | str


@dataclass(frozen=True, slots=True)
class Sample:
    """A value with the run time at which it was measured; None means no data from then on."""

    at_ns: int
    value: Value | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without data; `ends_ns` is None if it goes on. One before the first sample begins at NEVER_NS."""

    begins_ns: int
    ends_ns: int | None

    def within_ns(self, since_ns: int, until_ns: int) -> int:
        """How much of it is between two times."""
        ends_ns = until_ns if self.ends_ns is None else min(self.ends_ns, until_ns)
        return max(ends_ns - max(self.begins_ns, since_ns), 0)


class Samples(Protocol):
    """The source of samples for evaluating expressions."""

    @property
    def baseline(self) -> tuple[int, int] | None:
        """Start and end of the last baseline, if there is one."""
        ...

    def newest(self, name: str, now_ns: int) -> Sample | None:
        """The latest sample or absence of a number; None if its source has not been polled yet."""
        ...

    def absent_ns(self, name: str, now_ns: int) -> int:
        """When an absent number became absent; NEVER_NS if it has never had data."""
        ...

    def window(self, name: str, since_ns: int, until_ns: int) -> Sequence[Sample]:
        """Samples and absences of a number in (since_ns, until_ns], in order of time."""
        ...

    def gaps(self, name: str, since_ns: int, until_ns: int) -> Sequence[Gap]:
        """The times without data of a number that reach into (since_ns, until_ns]."""
        ...


def source_of(name: str) -> str:
    """The source that reports a number: `client1.video` reports all its numbers at the same time."""
    return ".".join(name.split(".", 2)[:2])


@dataclass(slots=True)
class Recorded:
    """Samples in memory, added by one thread and read by others.

    Numbers not in `fine` (None: all are) are recorded only once a second.
    """

    baseline: tuple[int, int] | None = None
    fine: Iterable[str] | None = None
    _times: dict[str, list[int]] = field(default_factory=dict)
    _series: dict[str, list[Sample]] = field(default_factory=dict)
    _present: dict[str, set[str]] = field(default_factory=dict)
    _heard: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By source: the time up to which its numbers are known, and when it last measured or was found silent."""
    _lock: RLock = field(default_factory=RLock)

    def add(self, at_ns: int, values: Mapping[str, Value], sources: Iterable[str] = ()) -> None:
        """Record values measured at one time; `sources` were polled too, even if they reported nothing."""
        polled = {*sources, *map(source_of, values)}
        self.hear(at_ns, dict.fromkeys(polled, at_ns), {name: Sample(at_ns, value) for name, value in values.items()})

    def hear(self, now_ns: int, sources: Mapping[str, int], samples: Mapping[str, Sample]) -> None:
        """Record reports of sources, each with its own time; numbers missing from a report become absent."""
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
                self._heard[source] = now_ns, sources[source]

    def silence(self, since_ns: int, now_ns: int, sources: Iterable[str]) -> None:
        """Record that sources have not answered since `since_ns`: their numbers become absent from then on."""
        with self._lock:
            for source in sources:
                for name in self._present.pop(source, set()):
                    self._append(name, Sample(since_ns, None))
                self._heard[source] = now_ns, now_ns

    def known_ns(self, names: Iterable[str]) -> int | None:
        """The time up to which all these numbers are known; None while one has not been polled."""
        with self._lock:
            heard = [self._heard.get(source_of(name)) for name in names]
        return None if None in heard else min((one[0] for one in heard if one), default=None)

    def newest(self, name: str, now_ns: int) -> Sample | None:
        with self._lock:
            heard = self._heard.get(source_of(name))
            if heard is None:
                return None
            last = self._last(name, now_ns)
            return Sample(min(heard[1], now_ns), None) if last.value is None else last

    def absent_ns(self, name: str, now_ns: int) -> int:
        with self._lock:
            return self._last(name, now_ns).at_ns

    def window(self, name: str, since_ns: int, until_ns: int) -> Sequence[Sample]:
        with self._lock:
            times = self._times.get(name, [])
            return self._series.get(name, [])[bisect_right(times, since_ns) : bisect_right(times, until_ns)]

    def gaps(self, name: str, since_ns: int, until_ns: int) -> Sequence[Gap]:
        with self._lock:
            times, series = self._times.get(name, []), self._series.get(name, [])
            begin, end = max(bisect_right(times, since_ns) - 1, 0), bisect_right(times, until_ns)
            # A number first polled just after `since_ns` could not have been sampled earlier: allow one interval.
            late = end == 0 or times[begin] > since_ns + SAMPLE_NS
            found = [Gap(NEVER_NS, times[begin] if end else None)] if late else []
            for place in range(begin, end):
                if series[place].value is None:
                    begins_ns = times[place] if place else NEVER_NS
                    found.append(Gap(begins_ns, times[place + 1] if place + 1 < end else None))
            return found

    def forget(self, before_ns: int) -> None:
        """Drop samples before a time, but keep those of the baseline."""
        if self.baseline is not None:
            before_ns = min(before_ns, self.baseline[0])
        with self._lock:
            for name, times in list(self._times.items()):
                count = bisect_right(times, before_ns)
                del times[:count], self._series[name][:count]

    def names(self) -> list[str]:
        return list(self._series)

    def series(self, name: str) -> Sequence[Sample]:
        """All samples of a number."""
        return tuple(self._series.get(name, ()))

    def _last(self, name: str, now_ns: int) -> Sample:
        count = bisect_right(self._times.get(name, []), now_ns)
        return self._series[name][count - 1] if count else Sample(NEVER_NS, None)

    def _keep(self, name: str, sample: Sample, source: str) -> None:
        """Record a sample unless it is too close to the previous one; a number's first sample ends an absence."""
        heard = self._heard.get(source)
        if heard and name not in self._present.get(source, set()):
            self._append(name, Sample(min(heard[1], sample.at_ns), None))
        elif (times := self._times.get(name)) and sample.at_ns - times[-1] < self._apart_ns(name):
            return
        self._append(name, sample)

    def _apart_ns(self, name: str) -> int:
        """The minimum distance from the previous sample; anything closer is the same sample read twice."""
        return SAMPLE_NS // 4 if self.fine is None or name in self.fine else SPARSE_NS - SAMPLE_NS // 2

    def _append(self, name: str, sample: Sample) -> None:
        """Append in ascending time; consecutive absences are recorded once."""
        series, times = self._series.setdefault(name, []), self._times.setdefault(name, [])
        if sample.value is None and series and series[-1].value is None:
            return
        times.append(max(sample.at_ns, times[-1] if times else sample.at_ns))
        series.append(Sample(times[-1], sample.value))


def numbers(samples: Sequence[Sample]) -> list[float]:
    """The numeric values of samples, without texts and absences."""
    return [sample.value for sample in samples if isinstance(sample.value, float | int)]


def growth(samples: Sequence[Sample], total: bool) -> float | None:
    """The increase from the first to the last sample; a `total` that fell has restarted from 0. None without data."""
    values = numbers(samples)
    if not values:
        return None
    if not total:
        return values[-1] - values[0]
    return sum(after - before if after >= before else after for before, after in pairwise(values))

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
from threading import RLock
from typing import Protocol

from ...contract import SFU_HOST
from ...text.durations import MS_NS, SECOND_NS

SAMPLE_NS = 250 * MS_NS
RATE_NS = SECOND_NS
"""What a rate is the mean of: the time before its sample."""
SPARSE_NS = SECOND_NS
"""How far apart the kept samples are of numbers that no expectation speaks of."""
NEVER_NS = -(1 << 63)
"""A time before every run: of what was never there."""
LINKS = ("ingress", "egress", "flows")

Value = float | str


@dataclass(frozen=True, slots=True)
class Sample:
    """`at_ns` is when it was measured, by the run's clock. A value of None: from then on the number was absent."""

    at_ns: int
    value: Value | None


class Samples(Protocol):
    """What expressions are evaluated on."""

    @property
    def baseline(self) -> tuple[int, int] | None:
        """From when to when the last baseline was taken, if any was."""
        ...

    def newest(self, name: str, now_ns: int) -> Sample | None:
        """What is known last of a number: a sample, or that it is absent, and as of when; None if nobody asked yet."""
        ...

    def absent_ns(self, name: str, now_ns: int) -> int:
        """From when on a number that is absent has been so; NEVER_NS where it was never there."""
        ...

    def window(self, name: str, since_ns: int, until_ns: int) -> Sequence[Sample]:
        """The samples of a number after `since_ns` and up to `until_ns`, in order of time, with its absences."""
        ...

    def covers(self, name: str, since_ns: int, until_ns: int) -> bool:
        """Whether a number was there from `since_ns` to `until_ns` without a break."""
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

    baseline: tuple[int, int] | None = None
    fine: Iterable[str] | None = None
    _times: dict[str, list[int]] = field(default_factory=dict)
    _series: dict[str, list[Sample]] = field(default_factory=dict)
    _present: dict[str, set[str]] = field(default_factory=dict)
    _heard: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of each source: until when it is known what it tells, and when it last measured or was found silent."""
    _lock: RLock = field(default_factory=RLock)

    def add(self, at_ns: int, values: Mapping[str, Value], sources: Iterable[str] = ()) -> None:
        """Keep all that was told at a time; `sources` are those that were asked, and may have told nothing."""
        asked = {*sources, *map(source_of, values)}
        self.hear(at_ns, dict.fromkeys(asked, at_ns), {name: Sample(at_ns, value) for name, value in values.items()})

    def hear(self, now_ns: int, sources: Mapping[str, int], samples: Mapping[str, Sample]) -> None:
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
                self._heard[source] = now_ns, sources[source]

    def silence(self, since_ns: int, now_ns: int, sources: Iterable[str]) -> None:
        """Note that sources have not answered since a time: all that they told is absent."""
        with self._lock:
            for source in sources:
                for name in self._present.pop(source, set()):
                    self._append(name, Sample(since_ns, None))
                self._heard[source] = now_ns, now_ns

    def known_ns(self, names: Iterable[str]) -> int | None:
        """The time up to which all of these are known; None while some have not been asked for."""
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

    def covers(self, name: str, since_ns: int, until_ns: int) -> bool:
        with self._lock:
            times, series = self._times.get(name, []), self._series.get(name, [])
            # What was first asked for a moment after `since_ns` had no earlier chance.
            begin = max(bisect_right(times, since_ns) - 1, 0)
            found = series[begin : bisect_right(times, until_ns)]
            present = bool(found) and all(one.value is not None for one in found)
            return present and found[0].at_ns <= since_ns + SAMPLE_NS

    def forget(self, before_ns: int) -> None:
        """Drop the samples before a time, but not those of the baseline."""
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
        """Keep a sample, if it is a new one that is wanted; before a number's first one it was absent."""
        heard = self._heard.get(source)
        if heard and name not in self._present.get(source, set()):
            self._append(name, Sample(min(heard[1], sample.at_ns), None))
        elif (times := self._times.get(name)) and sample.at_ns - times[-1] < self._apart_ns(name):
            return
        self._append(name, sample)

    def _apart_ns(self, name: str) -> int:
        """How far from the one before a sample must be; one that was read twice is the same."""
        return SAMPLE_NS // 4 if self.fine is None or name in self.fine else SPARSE_NS - SAMPLE_NS // 2

    def _append(self, name: str, sample: Sample) -> None:
        """Times of one number rise, and an absence is noted once."""
        series, times = self._series.setdefault(name, []), self._times.setdefault(name, [])
        if sample.value is None and series and series[-1].value is None:
            return
        times.append(max(sample.at_ns, times[-1] if times else sample.at_ns))
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

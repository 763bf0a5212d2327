"""What was recorded of one direction of a link: its rate, its delay, or both, over time."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BIN_S = 0.1
"""Events are counted per this time, or more if there are few of them."""
LEAST_PER_BIN = 10
MOST_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class StepSeries:
    """Values that each apply from their time until the next one's; the last one until `lasts_s`.

    Times are in seconds, rising from 0.
    """

    times_s: Sequence[float]
    values: Sequence[float]
    lasts_s: float

    def spans_s(self) -> list[float]:
        """How long each value applies."""
        ends = [*self.times_s[1:], self.lasts_s]
        return [end - start for start, end in zip(self.times_s, ends, strict=True)]

    def mean(self) -> float:
        """Weighted by time."""
        return sum(value * span for value, span in zip(self.values, self.spans_s(), strict=True)) / self.lasts_s

    def percentile(self, share: float) -> float:
        """The value that is not exceeded for this share of the time."""
        spans = sorted(zip(self.values, self.spans_s(), strict=True))
        left = share * self.lasts_s
        for value, span in spans:
            left -= span
            if left <= 1e-9:
                return value
        return spans[-1][0]

    def binned(self, bin_s: float) -> StepSeries:
        """The mean of each `bin_s`."""
        count = max(1, math.ceil(round(self.lasts_s / bin_s, 6)))
        sums = array("d", bytes(8 * count))
        for start, span, value in zip(self.times_s, self.spans_s(), self.values, strict=True):
            at, end = start, start + span
            while at < end - 1e-12:
                number = min(int(at / bin_s + 1e-9), count - 1)
                stop = end if number == count - 1 else min(end, (number + 1) * bin_s)
                sums[number] += value * (stop - at)
                at = stop
        widths = [min(bin_s, self.lasts_s - number * bin_s) for number in range(count)]
        return StepSeries(
            [number * bin_s for number in range(count)],
            [total / width for total, width in zip(sums, widths, strict=True)],
            self.lasts_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRecording:
    """`rate` is in bits per second of IP packets, where 0 is a gap; `delay` is one way and in ms; `loss` is a share.

    `form` says what the file was; `note` what the reader had to assume.
    """

    form: str
    rate: StepSeries | None = None
    delay: StepSeries | None = None
    loss: StepSeries | None = None
    note: str = ""

    @property
    def lasts_s(self) -> float:
        return max(series.lasts_s for series in (self.rate, self.delay, self.loss) if series)


def steps_of(points: Sequence[tuple[float, float]]) -> StepSeries:
    """Points of time (s, rising) and value as steps from 0; the last one lasts as long as the one before it."""
    start = points[0][0]
    times = [time - start for time, _ in points]
    last = times[-1] - times[-2] if len(times) > 1 else 1.0
    return StepSeries(times, [value for _, value in points], times[-1] + last)


def rate_of(times_s: Sequence[float], bits: Iterable[float], lasts_s: float) -> StepSeries:
    """The rate of events, each of some bits at a time: per `BIN_S`, or longer if there are few events.

    A slow link has few events: in short bins it would look like one with gaps.
    """
    bin_s = max(BIN_S, round(LEAST_PER_BIN * lasts_s / len(times_s), 1))
    count = max(1, math.ceil(round(lasts_s / bin_s, 6)))
    sums = array("d", bytes(8 * count))
    for time, amount in zip(times_s, bits, strict=True):
        sums[min(int(time / bin_s), count - 1)] += amount
    widths = (min(bin_s, lasts_s - number * bin_s) for number in range(count))
    rates = [total / width for total, width in zip(sums, widths, strict=True)]
    return StepSeries([number * bin_s for number in range(count)], rates, lasts_s)

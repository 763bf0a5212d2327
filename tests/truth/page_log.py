"""What a page says of its own video: when it got each frame, and what follows for expectations on its frame rate.

A frame rate is the number of frames that arrived in the second before, decoded and then drawn, or replaced before they
were. Two windows of a second over the same frames differ by a frame, so a rate within a frame of a limit is on neither
side of it. Nor is what lasts for less than BLINK_S, which the lab may miss: it samples at most 250 ms apart, and a page
sees a frame up to SEEN_LATE_S after it was decoded.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

Label = Literal["passed", "failed", "either"]

RATE_S = 1.0
SEEN_LATE_S = 0.15
BLINK_S = 0.4
ONE_FRAME = 1
MOST_SPREAD_S = 0.3
"""If the moments that may be called the recovery are further apart, the page cannot tell which it was."""

Stretch = tuple[float, float]


@dataclass(frozen=True)
class PageLog:
    """The times in seconds at which a page got a frame, in ascending order, and until when it was watched."""

    at_s: Sequence[float]
    until_s: float

    def later(self, by_s: float) -> PageLog:
        """The same log on a clock whose zero is `by_s` later."""
        return PageLog([at_s - by_s for at_s in self.at_s], self.until_s - by_s)

    def frames(self, since_s: float, until_s: float) -> int:
        """The number of frames in (since_s, until_s]."""
        return bisect_right(self.at_s, until_s) - bisect_right(self.at_s, since_s)

    def first_frame(self, since_s: float) -> float:
        """When the first frame after `since_s` arrived; the end of the log if there was none."""
        at = bisect_right(self.at_s, since_s)
        return self.at_s[at] if at < len(self.at_s) else self.until_s

    def stretches(self, since_s: float, until_s: float, fits: Callable[[int], bool]) -> list[Stretch]:
        """The longest periods throughout which the rate fits."""
        until_s = min(until_s, self.until_s)
        changes = {at_s + late_s for at_s in self.at_s for late_s in (0, RATE_S)}
        begins = [since_s, *sorted(at_s for at_s in changes if since_s < at_s < until_s)]
        found: list[Stretch] = []
        for begin_s, end_s in zip(begins, [*begins[1:], until_s], strict=True):
            middle_s = (begin_s + end_s) / 2
            if end_s > begin_s and fits(self.frames(middle_s - RATE_S, middle_s)):
                joined = bool(found) and found[-1][1] == begin_s
                found[-1:] = [(found[-1][0], end_s)] if joined else [*found[-1:], (begin_s, end_s)]
        return found


def label_of_never(log: PageLog, asked_s: float, limit: float, for_s: float) -> Label:
    """What `never: rate < limit` from `asked_s` on must come to."""
    first_s, last_s = asked_s + RATE_S, asked_s + for_s
    below = log.stretches(first_s, last_s, lambda count: count + ONE_FRAME < limit)
    if any(end_s - begin_s >= BLINK_S for begin_s, end_s in below):
        return "failed"
    nearly = log.stretches(first_s - SEEN_LATE_S, last_s + BLINK_S, lambda count: count - ONE_FRAME < limit)
    return "either" if nearly else "passed"


@dataclass(frozen=True)
class TrueRecovery:
    """What `recovers: rate >= limit` from `asked_s` on must come to, within `within_s`, for `for_s`."""

    log: PageLog
    asked_s: float
    limit: float
    within_s: float
    for_s: float

    @property
    def label(self) -> Label:
        surely = self._stretches(ONE_FRAME)
        latest_s = self.asked_s + self.within_s
        # The lab needs a sample near either end of what must hold.
        if any(
            begin_s <= latest_s - BLINK_S and end_s - begin_s >= self.for_s + 2 * BLINK_S for begin_s, end_s in surely
        ):
            return "passed"
        perhaps = bridged(self._stretches(-ONE_FRAME), BLINK_S)
        may = any(
            begin_s <= latest_s + BLINK_S and end_s - begin_s > self.for_s - BLINK_S for begin_s, end_s in perhaps
        )
        return "either" if may else "failed"

    @property
    def at_s(self) -> float | None:
        """When the recovery began: the first frame of the first second that reaches the limit, if that lasts.

        None if the rate was above the limit all the time, never reached it, or the page cannot tell the moment.
        """
        moments = [
            self._begin_s(frames, blink_s) for frames, blink_s in product((-ONE_FRAME, 0, ONE_FRAME), (0, BLINK_S))
        ]
        told = [at_s for at_s in moments if at_s is not None]
        if len(told) < len(moments) or max(told) - min(told) > MOST_SPREAD_S:
            return None
        return self._begin_s(0, 0)

    def _begin_s(self, frames: int, blink_s: float) -> float | None:
        """The same for a limit that is so many frames higher, where less than a blink is no interruption."""
        long = [one for one in bridged(self._stretches(frames), blink_s) if one[1] - one[0] >= self.for_s]
        if not long or long[0][0] == self.asked_s + RATE_S:
            return None
        return self.log.first_frame(max(long[0][0] - RATE_S, self.asked_s))

    def _stretches(self, frames: int) -> list[Stretch]:
        """Where the rate reaches a limit that is so many frames higher; the first rate that counts is a second old."""
        end_s = self.asked_s + self.within_s + self.for_s + 3 * BLINK_S
        return self.log.stretches(self.asked_s + RATE_S, end_s, lambda count: count >= self.limit + frames)


def bridged(stretches: Iterable[Stretch], blink_s: float) -> list[Stretch]:
    """The stretches, joined where less than a blink is between them."""
    found: list[Stretch] = []
    for begin_s, end_s in stretches:
        if found and begin_s - found[-1][1] < blink_s:
            found[-1] = (found[-1][0], end_s)
        else:
            found.append((begin_s, end_s))
    return found

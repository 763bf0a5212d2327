"""When a loss of everything began or ended at a sender, from which of its marked packets arrived."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

AROUND_NS = 20_000_000


@dataclass(frozen=True)
class Turn:
    """A command that began or ended a loss of everything, and when it ran, in ns since the epoch."""

    loses: bool
    begun_ns: int
    ended_ns: int


@dataclass(frozen=True)
class Moment:
    """A time between these two, in ns since the epoch."""

    earliest_ns: int
    latest_ns: int

    @property
    def likely_ns(self) -> int:
        return (self.earliest_ns + self.latest_ns) // 2


def moments(sent_ns: Sequence[int], arrived_ns: Collection[int], turns: Sequence[Turn]) -> Iterator[Moment]:
    """When each turn was in force: after the last packet that passed before it, or before the first one after it.

    The sender may have been interrupted after it took the time of a packet, so the packet left some time from then to
    the time of the next one.
    """
    arrived = set(arrived_ns)
    passed = [index for index, at_ns in enumerate(sent_ns) if at_ns in arrived]
    for turn in turns:
        if turn.loses:
            last = max(index for index in passed if sent_ns[index] <= turn.ended_ns)
            yield Moment(sent_ns[last], sent_ns[last + 2])
        else:
            first = min(index for index in passed if sent_ns[index] >= turn.begun_ns)
            yield Moment(sent_ns[first - 1], sent_ns[first + 1])


def late_ns(sent_ns: Sequence[int], near: Moment, pace_ns: int) -> int:
    """How long a program that was due around a moment, such as a forwarder, may have waited for the busy machine."""
    around = [at_ns for at_ns in sent_ns if abs(at_ns - near.likely_ns) <= AROUND_NS]
    return max(later - earlier for earlier, later in pairwise(around)) - pace_ns


def apart_ns(found: Sequence[Moment]) -> tuple[int, int]:
    """How far apart they are: at least, and likely."""
    least = max(one.earliest_ns for one in found) - min(one.latest_ns for one in found)
    likely = [one.likely_ns for one in found]
    return max(least, 0), max(likely) - min(likely)

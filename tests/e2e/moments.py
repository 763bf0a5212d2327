"""When a loss of everything began and ended at a sender, from which of its marked packets arrived."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

LEAST_NS = 150_000_000
"""A shorter loss is the machine's."""


@dataclass(frozen=True)
class Moment:
    """A time between these two, in ns since the epoch."""

    earliest_ns: int
    latest_ns: int

    @property
    def likely_ns(self) -> int:
        return (self.earliest_ns + self.latest_ns) // 2


def turns(sent_ns: Sequence[int], arrived_ns: Collection[int]) -> Iterator[Moment]:
    """Beginnings and ends of the long losses, in turn.

    The sender may have been interrupted after it took the time of a packet, so the packet left some time from then to
    the time of the next one.
    """
    arrived = set(arrived_ns)
    for came, run in groupby(range(len(sent_ns)), lambda index: sent_ns[index] in arrived):
        first, *_, last = [*run] * 2
        if not came and sent_ns[last] - sent_ns[first] > LEAST_NS:
            yield Moment(sent_ns[first - 1], sent_ns[first + 1])
            yield Moment(sent_ns[last], sent_ns[last + 2])


def apart_ns(moments: Sequence[Moment]) -> tuple[int, int]:
    """How far apart they are: at least, and likely."""
    least = max(one.earliest_ns for one in moments) - min(one.latest_ns for one in moments)
    likely = [one.likely_ns for one in moments]
    return max(least, 0), max(likely) - min(likely)

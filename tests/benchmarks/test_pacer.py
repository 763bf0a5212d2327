"""The pacer: steady, and catching up only if asked to."""

from __future__ import annotations

from itertools import pairwise

from benchmarks.pacer import pace


class Time:
    """A clock that advances by a microsecond each time it is read."""

    def __init__(self) -> None:
        self.now = 0
        self.slept = 0

    def clock(self) -> int:
        self.now += 1000
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += round(seconds * 1e9)
        self.slept += round(seconds * 1e9)


def turns(per_second: float, time: Time, late: int = 0, hurried: bool = False) -> list[int]:
    """The gaps between ten calls, of which the fourth takes `late` nanoseconds."""
    taken: list[int] = []

    def act(n: int) -> None:
        taken.append(time.now)
        time.now += late if n == 3 else 0

    pace(10, per_second, act, time.clock, time.sleep, hurried)
    return [after - before for before, after in pairwise(taken)]


def test_turns_come_at_the_pace() -> None:
    """Long gaps are mostly slept through, short ones busy-waited."""
    slow, fast = Time(), Time()
    assert set(turns(1_000, slow)) == {1_000_000}
    assert slow.slept > 8_000_000
    assert set(turns(20_000, fast)) == {50_000}
    assert fast.slept == 0


def test_a_late_turn_moves_those_behind_it() -> None:
    """After a call that took ten gaps, the next ones are a gap apart again."""
    gaps = turns(1_000, Time(), late=10_000_000)
    assert gaps[3] > 10_000_000
    assert set(gaps[:3] + gaps[4:]) == {1_000_000}


def test_a_hurried_one_catches_up() -> None:
    """After a call that took four gaps, three follow at once, and the pace is steady again."""
    gaps = turns(1_000, Time(), late=3_500_000, hurried=True)
    assert abs(sum(gaps) - 9_000_000) < 10_000
    assert gaps[3] > 3_500_000
    assert max(gaps[4:6]) < 10_000

"""Codel: the control law's drop times on a hand-moved clock (RFC 8289)."""

from __future__ import annotations

from math import sqrt

from syntheticnet.conditions.depth import FULL_SIZE
from syntheticnet.elements.codel import Codel

from ..builders import MS

BEHIND = 10 * FULL_SIZE


def strikes(codel: Codel, start_ms: int, end_ms: int, sojourn: int = 50 * MS, behind: int = BEHIND) -> list[int]:
    """The times (ms) of strikes, with one packet leaving each ms; the one behind a struck packet is judged too."""
    struck = []
    for ms in range(start_ms, end_ms):
        while codel.strikes(sojourn, behind, ms * MS):
            struck.append(ms)
    return struck


def control_law(first_ms: float, count: int) -> list[int]:
    """The first packets at or after t, t + 100/sqrt(1), + 100/sqrt(2), ..."""
    times, at = [], first_ms
    for n in range(1, count + 1):
        times.append(-int(-at // 1))
        at += 100 / sqrt(n)
    return times


def test_waits_an_interval_then_drops_faster_and_faster() -> None:
    """The first drop comes one interval after the wait went above the target, the next by interval / sqrt(count)."""
    assert strikes(Codel(5 * MS, 100 * MS), 1, 1001) == [ms for ms in control_law(101, 40) if ms <= 1000]


def test_a_short_wait_or_little_behind_is_left_alone() -> None:
    """Below the target, or with no more than one packet behind, nothing is dropped, however long that lasts."""
    assert strikes(Codel(5 * MS, 100 * MS), 1, 1000, sojourn=5 * MS - 1) == []
    assert strikes(Codel(5 * MS, 100 * MS), 1, 1000, behind=FULL_SIZE) == []


def test_once_below_the_target_the_interval_begins_anew() -> None:
    """One short wait ends the drops, and an interval must pass again."""
    codel = Codel(5 * MS, 100 * MS)
    assert strikes(codel, 1, 150) == [101]
    assert not codel.strikes(MS, BEHIND, 150 * MS)
    assert strikes(codel, 151, 252) == [251]


def test_soon_after_it_goes_on_at_its_pace() -> None:
    """Within 16 intervals dropping resumes with the last count minus the count it had started with."""
    codel = Codel(5 * MS, 100 * MS)
    first = strikes(codel, 1, 600)
    codel.strikes(0, BEHIND, 600 * MS)
    again = strikes(codel, 601, 800)
    count = len(first) - 1  # it counts from 1 again when it begins
    assert again[0] == 701
    assert again[1] == 701 + -int(-100 / sqrt(count) // 1)


def test_long_after_it_begins_slowly() -> None:
    """After 16 intervals without drops the count restarts at 1."""
    codel = Codel(5 * MS, 100 * MS)
    strikes(codel, 1, 600)
    codel.strikes(0, BEHIND, 600 * MS)
    assert strikes(codel, 3000, 3201) == [3100, 3200]


def test_an_empty_queue_ends_the_wait() -> None:
    """An empty queue resets the time above the target."""
    codel = Codel(5 * MS, 100 * MS)
    assert strikes(codel, 1, 90) == []
    codel.rest()
    assert strikes(codel, 91, 191) == []

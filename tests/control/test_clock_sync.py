"""Clocks of several clients."""

from __future__ import annotations

from synthlab.control.clock_sync import ClockSample, SyncPoint, moment

MS = 1_000_000


def test_one_clock() -> None:
    """Where all readings fit one clock, the moment is the same number for all, and there is no doubt."""
    readings = {"a": ClockSample(0, 502 * MS, 4 * MS), "b": ClockSample(10 * MS, 511 * MS, 13 * MS)}
    result = moment(readings, 100 * MS)
    assert result == SyncPoint({"a": 601 * MS, "b": 601 * MS}, 0)


def test_clocks_of_their_own() -> None:
    """Where they do not, each is told its own time, as well as its round trip lets us know it."""
    readings = {"a": ClockSample(0, 502 * MS, 4 * MS), "b": ClockSample(10 * MS, 911 * MS, 12 * MS)}
    assert moment(readings, 100 * MS) == SyncPoint({"a": 600 * MS, "b": 1000 * MS}, 4 * MS)


def test_our_own_clock() -> None:
    """Clocks that may be ours are: the moment is exact however long the questions took."""
    readings = {"a": ClockSample(0, 2 * MS, 4 * MS), "b": ClockSample(10 * MS, 11 * MS, 13 * MS)}
    assert moment(readings, 100 * MS) == SyncPoint({"a": 100 * MS, "b": 100 * MS}, 0)

"""Comparison of several clients' clocks."""

from __future__ import annotations

import pytest

from synthlab.control.clock_sync import SAMPLES, ClientClocks, ClockSample, closest, compare_clocks

MS = 1_000_000


def test_one_clock() -> None:
    """If one clock fits all samples, all clients share it, and the doubt is 0."""
    samples = {"a": ClockSample(0, 502 * MS, 502 * MS, 4 * MS), "b": ClockSample(10 * MS, 511 * MS, 511 * MS, 13 * MS)}
    clocks = compare_clocks(samples)
    assert clocks == ClientClocks({"a": 501 * MS, "b": 501 * MS}, 0)
    assert clocks.at_ns("a", 100 * MS) == 601 * MS


def test_clocks_of_their_own() -> None:
    """Otherwise each client has its own offset, with the longest round trip as the doubt."""
    samples = {"a": ClockSample(0, 502 * MS, 502 * MS, 4 * MS), "b": ClockSample(10 * MS, 911 * MS, 911 * MS, 12 * MS)}
    assert compare_clocks(samples) == ClientClocks({"a": 500 * MS, "b": 900 * MS}, 4 * MS)


def test_our_own_clock() -> None:
    """Clocks that may be the host's are taken for it: times are exact however long the requests took."""
    samples = {"a": ClockSample(0, 2 * MS, 2 * MS, 4 * MS), "b": ClockSample(10 * MS, 11 * MS, 11 * MS, 13 * MS)}
    assert compare_clocks(samples) == ClientClocks({"a": 0, "b": 0}, 0)


def test_work_makes_no_doubt() -> None:
    """A client's processing time of 300 ms adds no doubt: only time on the network does."""
    samples = {
        "a": ClockSample(0, 501 * MS, 801 * MS, 302 * MS),
        "b": ClockSample(0, 901 * MS, 901 * MS, 2 * MS),
    }
    assert samples["a"].network_ns == 2 * MS
    assert compare_clocks(samples) == ClientClocks({"a": 500 * MS, "b": 900 * MS}, 2 * MS)


@pytest.mark.issue(14)
def test_the_quickest_sample_counts() -> None:
    """Of several samples of one clock, the one with the shortest time on the network is kept."""
    samples = [ClockSample(0, 500 + wait, 500 + wait, 2 * wait) for wait in (9, 2, 5, 7, 1)]
    ask = iter(samples).__next__
    assert closest(ask) == samples[1]
    assert ask() == samples[SAMPLES]

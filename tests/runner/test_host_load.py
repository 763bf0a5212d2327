"""CPU load of a machine from its kernel's counters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.runner.host_load import Busy, HostLoad, load_between, parse_busy

STAT = "cpu  100 10 50 800 20 5 5 10 7 3"
PRESSURE = "some avg10=1.81 avg60=1.13 avg300=1.13 total=5511475694"


def test_reading() -> None:
    """Every tick counts once: guest ticks are already in user time."""
    assert parse_busy(f"{STAT}\n{PRESSURE}\n", 3.0) == Busy(3.0, 1000, 820, 10, 5511475694)


def test_without_pressure() -> None:
    """An old kernel has no pressure counters."""
    assert parse_busy(f"{STAT}\n", 3.0) == Busy(3.0, 1000, 820, 10, None)


@pytest.mark.parametrize("text", ["", "cpu 1 2 3\n", "intr 1 2 3 4 5 6 7 8 9\n"])
def test_something_else(text: str) -> None:
    """Other text is rejected."""
    with pytest.raises(ValueError, match=r"not the first line of /proc/stat"):
        parse_busy(text, 0.0)


def test_between() -> None:
    """Shares of the time between two readings."""
    begin, end = Busy(0.0, 1000, 800, 10, 5_000_000), Busy(10.0, 3000, 1800, 110, 7_500_000)
    assert load_between(begin, end) == HostLoad(0.5, 0.05, 0.25)
    assert str(load_between(begin, end)) == "50% idle, 5% stolen, programs waited 25% of the time"
    assert load_between(replace(begin, waited_us=None), end) == HostLoad(0.5, 0.05, None)


def test_nothing_between() -> None:
    """Two readings close together, or a single one, give no load."""
    begin, end = Busy(0.0, 1000, 800, 10, 0), Busy(1.9, 1380, 800, 10, 0)
    assert load_between(begin, end) is None
    assert load_between(None, end) is None
    assert load_between(begin, None) is None

"""Totals, and times over the last seconds, on a clock moved by hand."""

from __future__ import annotations

import pytest

from syntheticnet.probes.numbers import ProbeNumbers, TryResult

pytestmark = pytest.mark.issue(13)

FAILED = TryResult(failed=True)


def test_percentiles() -> None:
    """Nearest rank: p50 of 1 to 10 is 5, p95 is the largest."""
    numbers = ProbeNumbers("tcp", 1.0)
    for second in range(10):
        numbers.add(TryResult(10.0 - second), second)
    assert numbers.values(9) == {
        "connections": 10,
        "errors": 0,
        "skipped": 0,
        "p50_ms": 5.0,
        "p95_ms": 10.0,
        "ms": 1.0,
    }


@pytest.mark.parametrize(("interval_s", "window_s"), [(1.0, 10.0), (5.0, 50.0), (0.1, 2.0)])
def test_times_expire(interval_s: float, window_s: float) -> None:
    """They are of the last ten intervals, and of two seconds at least; the totals remain."""
    numbers = ProbeNumbers("http", interval_s)
    numbers.add(TryResult(20.0, 200), 100)
    assert numbers.values(100 + window_s - 0.01)["p95_ms"] == 20.0
    assert numbers.values(100 + window_s) == {"requests": 1, "errors": 0, "skipped": 0, "status": 200}


def test_no_answer() -> None:
    """It is an error, and the newest time and status are not those of an older answer."""
    numbers = ProbeNumbers("http", 1.0)
    numbers.add(TryResult(20.0, 200), 1)
    numbers.add(FAILED, 2)
    assert numbers.values(2) == {"requests": 2, "errors": 1, "skipped": 0, "p50_ms": 20.0, "p95_ms": 20.0}


def test_a_bad_answer() -> None:
    """Its status is known; its time is none of those that count."""
    numbers = ProbeNumbers("http", 1.0)
    numbers.add(TryResult(1.0, 500, failed=True), 1)
    assert numbers.values(1) == {"requests": 1, "errors": 1, "skipped": 0, "status": 500}


def test_a_late_try() -> None:
    """It counts as skipped and changes nothing else."""
    numbers = ProbeNumbers("http", 1.0)
    numbers.add(TryResult(20.0, 200), 1)
    before = numbers.values(1)
    numbers.add(TryResult(late=True), 2)
    assert numbers.values(2) == before | {"skipped": 1}


def test_at_first() -> None:
    """Nothing is known but that nothing was tried."""
    assert ProbeNumbers("http", 1.0).values(0) == {"requests": 0, "errors": 0, "skipped": 0}

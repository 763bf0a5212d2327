"""The verdict of `selftest`."""

from __future__ import annotations

from typing import Any

import pytest

from synthlab.cli.selftest import MANY, Check, Received, judge, judged, selftest_table
from synthlab.errors import ExpectationFailed


def received(count: int, delay_ms: float | None, rate_bps: float | None) -> Received:
    return Received(MANY.count, count, delay_ms, rate_bps)


def checks(lost: int = 200, delay_ms: float = 40.2, rate_bps: float = 1_990_000.0) -> list[Check]:
    perfect, late = received(300, 0.1, 1.0), received(MANY.count - lost, delay_ms, 1.0)
    return judged(perfect, late, received(700, 1.0, rate_bps))


def test_right() -> None:
    """Each value stands beside what was configured, with its tolerance."""
    good = checks()
    judge(good)
    assert selftest_table(good).rows == [
        ("latency, none", "0 ms", "0.10 ms", "± 5 ms", "ok"),
        ("latency", "40 ms", "40.20 ms", "± 5 ms", "ok"),
        ("loss", "10 %", "10.00 %", "± 2 %", "ok"),
        ("rate", "2000 kbit/s", "1990.00 kbit/s", "± 100 kbit/s", "ok"),
    ]


@pytest.mark.parametrize(
    ("values", "named"),
    [({"lost": 250}, "loss"), ({"delay_ms": 46.0}, "latency"), ({"rate_bps": 2_200_000.0}, "rate")],
)
def test_wrong(values: dict[str, Any], named: str) -> None:
    """What is off by more than its tolerance is an expectation that failed, and named."""
    with pytest.raises(ExpectationFailed, match=f"not right on this machine: {named}$"):
        judge(checks(**values))


def test_nothing_measured() -> None:
    """A number that is not there is no small number."""
    nothing = received(0, None, None)
    told = judged(nothing, nothing, nothing)
    assert [row[2] for row in selftest_table(told).rows] == ["no data"] * 4
    assert not any(check.ok for check in told)

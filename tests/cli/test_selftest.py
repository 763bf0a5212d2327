"""The verdict of `selftest`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synthlab.cli.selftest import (
    MANY,
    RECEIVER,
    SENDER,
    Check,
    ProbeStream,
    Received,
    judge,
    judged,
    selftest_table,
    send,
)
from synthlab.engine import guest
from synthlab.engine.api import Process, User
from synthlab.engine.containers import Container
from synthlab.engine.exec import start
from synthlab.errors import ExpectationFailed
from synthlab.testing import FakeEngine, fake_container

GUEST = Path(guest.__file__).parent


def received(count: int, delay_ms: float | None, rate_bps: float | None) -> Received:
    return Received(MANY.count, count, delay_ms, rate_bps)


def checks(lost: int = 200, delay_ms: float = 40.2, rate_bps: float = 1_990_000.0) -> list[Check]:
    perfect, late = received(300, 0.1, 1.0), received(MANY.count - lost, delay_ms, 1.0)
    return judged(perfect, late, received(700, 1.0, rate_bps))


def test_right() -> None:
    """Each value is shown with the configured one and its tolerance."""
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
    """A value off by more than its tolerance fails, and is named."""
    with pytest.raises(ExpectationFailed, match=f"conditions are inaccurate on this machine: {named}$"):
        judge(checks(**values))


class Loopback(FakeEngine):
    """Runs the programs of its containers on this machine."""

    def start_program(
        self,
        container: Container,
        program: str,
        arguments: Sequence[object] = (),
        *,
        user: User = "application",
        python: str = sys.executable,
    ) -> Process:
        return start([sys.executable, "-I", str(GUEST / f"{program}.py"), *map(str, arguments)])


def test_a_stream() -> None:
    """On loopback nearly all packets arrive, quickly and at their rate."""
    members = [replace(fake_container("selftest", name), address="127.0.0.1") for name in (SENDER, RECEIVER)]
    came = send(Loopback(members), members, ProbeStream(count=200, per_second=400))
    assert 100 * 1200 <= came.bytes <= came.sent_bytes <= 200 * 1200
    assert came.delay_p50_ms is not None
    assert 0 < came.delay_p50_ms < 100
    assert came.rate_bps is not None
    assert came.rate_bps < 2 * 400 * 1242 * 8


def test_nothing_measured() -> None:
    """A missing number does not count as 0."""
    nothing = received(0, None, None)
    result = judged(nothing, nothing, nothing)
    assert [row[2] for row in selftest_table(result).rows] == ["no data"] * 4
    assert not any(check.ok for check in result)

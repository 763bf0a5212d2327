"""Durations as text, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.conditions import parse_duration, write_duration


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0ms"),
        (1, "0.000001ms"),
        (80_000_000, "80ms"),
        (1_500_000_000, "1500ms"),
        (10_000_000_000, "10s"),
        (90_000_000_000, "90s"),
        (300_000_000_000, "5min"),
        (3_600_000_000_000, "1h"),
    ],
)
def test_shortest_text(nanoseconds: int, text: str) -> None:
    """The largest unit that divides the duration, else milliseconds."""
    assert write_duration(nanoseconds) == text


@given(st.integers(0, 24 * 3600 * 10**9))
def test_reads_back_to_the_nanosecond(nanoseconds: int) -> None:
    """Whatever is sent is what the client reads."""
    assert parse_duration(write_duration(nanoseconds)) == nanoseconds

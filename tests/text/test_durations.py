"""Conversion and formatting of durations."""

from __future__ import annotations

import pytest

from synthlab.text.durations import format_duration, ns_of, seconds_of


@pytest.mark.parametrize(
    ("time_ns", "text"),
    [(0, "0s"), (1_250_000_000, "1.25s"), (90 * 10**9, "90s"), (1_234_567_890, "1.235s"), (100_000 * 10**9, "100000s")],
)
def test_text(time_ns: int, text: str) -> None:
    """Rounded to milliseconds, without trailing zeros or an exponent."""
    assert format_duration(time_ns) == text


@pytest.mark.parametrize("time_ns", [0, 1, 100_000_000, 123_456_789, 86_400 * 10**9 - 1])
def test_there_and_back(time_ns: int) -> None:
    """A scenario duration survives conversion to seconds and back."""
    assert ns_of(seconds_of(time_ns)) == time_ns

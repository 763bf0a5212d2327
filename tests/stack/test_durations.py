"""Parsing durations with limits."""

from __future__ import annotations

import pytest

from synthlab.errors import WrongUse
from synthlab.stack.durations import DAY_NS, read_duration
from synthlab.text.durations import SECOND_NS


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("2h", 7200 * SECOND_NS),
        ("90s", 90 * SECOND_NS),
        ("1.5min", 90 * SECOND_NS),
        ("0.1s", 100_000_000),
        ("24h", DAY_NS),
    ],
)
def test_forms(text: str, nanoseconds: int) -> None:
    """Whole nanoseconds, exactly as written."""
    assert read_duration("--for", text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("2", "'2' is not a time such as 500ms, 10s, 5min or 1h"),
        ("0.5s", "'0.5s' is not a time from 1s to 3600s"),
        ("61min", "'61min' is not a time from 1s to 3600s"),
        ("25h", "'25h' is longer than a day"),
        (5, "5 is not a time such as 500ms, 10s, 5min or 1h"),
    ],
)
def test_mistakes(text: object, what: str) -> None:
    """An invalid or out-of-range duration is rejected in one line with its place."""
    with pytest.raises(WrongUse) as caught:
        read_duration("--ttl", text, SECOND_NS, 3600 * SECOND_NS)
    assert caught.value.message == f"--ttl: {what}"

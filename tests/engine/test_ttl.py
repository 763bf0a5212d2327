"""The time to live of labs."""

from __future__ import annotations

import pytest

from synthlab.engine.ttl import format_left, format_time, has_expired


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 s"), (42.4, "42 s"), (60, "1 min"), (7140, "1 h 59 min"), (3601, "1 h"), (183600, "2 d 3 h"), (-5, "0 s")],
)
def test_spans(seconds: float, expected: str) -> None:
    """A time span is shown in its two largest units."""
    assert format_time(seconds) == expected


def test_left() -> None:
    """The time left is shown until the lab expires; a lab that does not expire has none."""
    assert [format_left(expires, now=100.0) for expires in (None, 160, 100, 99)] == ["", "1 min", "expired", "expired"]
    assert [has_expired(expires, now=100.0) for expires in (None, 101, 100)] == [False, False, True]

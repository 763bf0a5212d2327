"""Labs with a bounded life."""

from __future__ import annotations

import pytest

from synthlab.engine.ttl import has_expired, told_left, told_time


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (42.4, "42 s"), (60, "1 min"), (7140, "1 h 59 min"), (3601, "1 h"), (183600, "2 d 3 h"), (-5, "0 s")],
)
def test_spans(seconds: float, told: str) -> None:
    """A span is told in its two greatest units."""
    assert told_time(seconds) == told


def test_left() -> None:
    """The time left is told until it is over; a lab without an end has none."""
    assert [told_left(expires, now=100.0) for expires in (None, 160, 100, 99)] == ["", "1 min", "expired", "expired"]
    assert [has_expired(expires, now=100.0) for expires in (None, 101, 100)] == [False, False, True]

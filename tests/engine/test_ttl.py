"""The time to live of labs."""

from __future__ import annotations

import pytest

from synthlab.engine.ttl import has_expired, parse_ttl, told_left, told_time
from synthlab.errors import WrongUse


def test_forms() -> None:
    """A time to live is written like every other duration."""
    assert (parse_ttl("2h"), parse_ttl("90s"), parse_ttl("1.5min")) == (7200, 90, 90)


@pytest.mark.parametrize(
    ("written", "told"), [("2", "--ttl: '2' is not a time such as"), ("0.5s", "less than a second")]
)
def test_mistakes(written: str, told: str) -> None:
    """Anything but a duration, or one too short for any lab, is rejected."""
    with pytest.raises(WrongUse, match=told):
        parse_ttl(written)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (42.4, "42 s"), (60, "1 min"), (7140, "1 h 59 min"), (3601, "1 h"), (183600, "2 d 3 h"), (-5, "0 s")],
)
def test_spans(seconds: float, told: str) -> None:
    """A time span is shown in its two largest units."""
    assert told_time(seconds) == told


def test_left() -> None:
    """The time left is shown until the lab expires; a lab that does not expire has none."""
    assert [told_left(expires, now=100.0) for expires in (None, 160, 100, 99)] == ["", "1 min", "expired", "expired"]
    assert [has_expired(expires, now=100.0) for expires in (None, 101, 100)] == [False, False, True]

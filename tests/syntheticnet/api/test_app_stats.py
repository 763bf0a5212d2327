"""AppStats: the stats an application may publish, and the age of each key."""

from __future__ import annotations

from typing import Any

import pytest

from syntheticnet.api.app_stats import MOST_LEAVES, AppStats, InvalidStats

from ..builders import exactly


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_each_top_level_key_is_replaced_as_a_whole_and_has_its_age() -> None:
    """Publishing a key replaces its values; the other keys keep theirs and age."""
    clock = Clock()
    numbers = AppStats(clock)
    numbers.publish({"video": {"client2": {"fps": 15}, "client3": {"fps": 9}}, "state": "connected"})
    clock.now += 2.5
    numbers.publish({"video": {"client2": {"fps": 14.5}}})
    clock.now += 0.25
    assert numbers.report() == {
        "values": {"video": {"client2": {"fps": 14.5}}, "state": "connected"},
        "age_s": {"video": 0.25, "state": 2.75},
    }


@pytest.mark.parametrize(
    ("codecs", "found"),
    [
        ({"96": "video/VP8"}, ("video", "VP8")),
        ({"96": "audio/opus"}, ("audio", "opus")),
        ({"97": "video/VP8", "None": "video/VP8"}, (None, None)),
        ({"96": "VP8"}, (None, None)),
        ({"96": "text/t140"}, (None, None)),
        ({"96": "video/"}, (None, None)),
        ({"96": 5}, (None, None)),
        ({"96": {"codec": "VP8"}}, (None, None)),
        ("video/VP8", (None, None)),
    ],
)
def test_codecs_of_payload_types(codecs: Any, found: tuple[str | None, str | None]) -> None:
    """Kind and codec as published, however long ago; nothing if something else was published."""
    clock = Clock()
    stats = AppStats(clock)
    assert stats.codec(96) == (None, None)
    stats.publish({"codecs": codecs})
    clock.now += 3600
    assert stats.codec(96) == found


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([1], "the body is not an object; expected one such as {video: {client2: {fps: 15}}}"),
        ({"fps": None}, "fps: None is not a finite number, UTF-8 text, a boolean or an object"),
        ({"a": {"b": [1]}}, "a.b: [1] is not a finite number, UTF-8 text, a boolean or an object"),
        ({"a": float("nan")}, "a: nan is not a finite number, UTF-8 text, a boolean or an object"),
        ({"a": float("inf")}, "a: inf is not a finite number, UTF-8 text, a boolean or an object"),
        ({"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}, "a.b.c.d.e: nested too deeply: at most 5 levels are allowed"),
        ({str(n): n for n in range(MOST_LEAVES + 1)}, "too many values: at most 5000 are allowed"),
        ({str(n): {} for n in range(MOST_LEAVES + 1)}, "too many values: at most 5000 are allowed"),
    ],
)
def test_refuses_invalid_stats(values: Any, line: str) -> None:
    """The error says where and why, and nothing changes."""
    numbers = AppStats(Clock())
    numbers.publish({"fps": 1})
    with pytest.raises(InvalidStats, match=exactly(line)):
        numbers.publish(values)
    assert numbers.report()["values"] == {"fps": 1}


def test_stored_values_count_toward_the_limit() -> None:
    """Values already stored count, so publishing key after key cannot fill memory."""
    numbers = AppStats(Clock())
    numbers.publish({str(n): n for n in range(MOST_LEAVES)})
    with pytest.raises(InvalidStats, match=exactly("too many values: at most 5000 are allowed")):
        numbers.publish({"one more": 1})
    numbers.publish({"0": {"fps": 15}})


def test_accepts_strings_and_booleans() -> None:
    """Stats may contain states as well as numbers."""
    numbers = AppStats(Clock())
    values = {"ice": "connected", "muted": False, "kbps": -1, "huge": 10**200}
    numbers.publish(values)
    assert numbers.report()["values"] == values

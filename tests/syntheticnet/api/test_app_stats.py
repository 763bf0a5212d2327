"""AppStats: what an application may publish of itself, and how old each part is."""

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
    """A key published again drops what it held; the others keep their values and grow old."""
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
    ("values", "line"),
    [
        ([1], "the body is not an object such as {video: {client2: {fps: 15}}}"),
        ({"fps": None}, "fps: None is not a number, a word or an object of them"),
        ({"a": {"b": [1]}}, "a.b: [1] is not a number, a word or an object of them"),
        ({"a": float("nan")}, "a: nan is not a number, a word or an object of them"),
        ({"a": float("inf")}, "a: inf is not a number, a word or an object of them"),
        ({"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}, "a.b.c.d.e: deeper than 5 levels"),
        ({str(n): n for n in range(MOST_LEAVES + 1)}, "more than 5000 numbers"),
        ({str(n): {} for n in range(MOST_LEAVES + 1)}, "more than 5000 numbers"),
    ],
)
def test_refuses_what_is_no_tree_of_numbers(values: Any, line: str) -> None:
    """A refusal says where and why, and nothing changes."""
    numbers = AppStats(Clock())
    numbers.publish({"fps": 1})
    with pytest.raises(InvalidStats, match=exactly(line)):
        numbers.publish(values)
    assert numbers.report()["values"] == {"fps": 1}


def test_what_is_kept_counts_toward_the_limit() -> None:
    """Publishing key after key does not fill memory."""
    numbers = AppStats(Clock())
    numbers.publish({str(n): n for n in range(MOST_LEAVES)})
    with pytest.raises(InvalidStats, match=exactly("more than 5000 numbers")):
        numbers.publish({"one more": 1})
    numbers.publish({"0": {"fps": 15}})


def test_takes_words_and_truth_values() -> None:
    """Statistics hold states beside numbers."""
    numbers = AppStats(Clock())
    values = {"ice": "connected", "muted": False, "kbps": -1, "huge": 10**200}
    numbers.publish(values)
    assert numbers.report()["values"] == values

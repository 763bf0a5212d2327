"""The comparisons of an expression: what is measured, and against which limit."""

from __future__ import annotations

import pytest

from synthlab.scenario.expression import Expression, Known, Reading, Recorded
from synthlab.stack import read_stack
from synthlab.text.durations import SECOND_NS

KNOWN = Known.of(read_stack("call.yaml"))
FPS, RATE = "client1.video.client2.fps", "client2.egress.rate"


def compared(text: str) -> list[tuple[str, str, str, float]]:
    return [(one.text, one.sign, one.unit, one.scale) for one in Expression.parse(text, KNOWN).comparisons]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (f"{FPS} >= 10", [(FPS, ">=", "", 1)]),
        (f"10 <= {FPS} < 40", [(FPS, ">=", "", 1), (FPS, "<", "", 1)]),
        (f"not {FPS} > 5", [(FPS, "<=", "", 1)]),
        (f"not ({FPS} > 5 and {RATE} < 1mbit)", [(FPS, "<=", "", 1), (RATE, ">=", "bit/s", 1)]),
        (f"mean({RATE}, 5s) < 105% * 1mbit", [(f"mean({RATE}, 5s)", "<", "bit/s", 1)]),
        ("client1.video.client2.kbps < before", [("client1.video.client2.kbps", "<", "bit/s", 1000)]),
        (f"growth({FPS}, 3s) == 0 or absent({RATE})", [(f"growth({FPS}, 3s)", "==", "", 1)]),
        (f"abs({FPS} - 15) < 3", [(f"abs(({FPS} - 15))", "<", "", 1)]),
        (f"{FPS} > before.{FPS} - 2", [(FPS, ">", "", 1)]),
        ("client1.sent.video.limited == 'cpu'", [("client1.sent.video.limited", "==", "", 1)]),
    ],
)
def test_the_measured_side_is_left(text: str, result: list[tuple[str, str, str, float]]) -> None:
    """Each comparison with its sign as it must be for the whole to hold, and its unit."""
    assert compared(text) == result


def test_readings() -> None:
    """Both sides in base units, and whether the comparison held; None without data."""
    recorded = Recorded()
    recorded.add(1, {"client1.video.client2.kbps": 54.0})
    expression = Expression.parse(f"client1.video.client2.kbps < 100kbit and {RATE} < 1mbit", KNOWN)
    assert expression.readings(1, recorded) == (Reading(54_000.0, 100_000.0, True), Reading(None, 1_000_000.0, None))


@pytest.mark.issue(16)
def test_when_an_extreme_was_measured() -> None:
    """The reading of a minimum or maximum has the time of its sample; any other has none."""
    recorded = Recorded()
    for at_s, value in enumerate((54.0, 80.0, 70.0), 1):
        recorded.add(at_s * SECOND_NS, {"client2.egress.queued": value})
    text = "max(client2.egress.queued, 2s) < 60 and client2.egress.queued < 60"
    expression = Expression.parse(text, KNOWN)
    assert expression.readings(3 * SECOND_NS, recorded) == (
        Reading(80.0, 60.0, False, 2 * SECOND_NS),
        Reading(70.0, 60.0, False),
    )

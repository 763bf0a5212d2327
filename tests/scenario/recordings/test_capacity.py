"""Capacities from the falls of an estimate."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from synthlab.scenario.recordings.capacity import limits

pytestmark = pytest.mark.issue(16)


def found(*kbps: float) -> list[tuple[float, float, int]]:
    """Start, end (s) and capacity (kbit/s) of the limits that an estimate of each second shows."""
    points = [(float(at), value * 1000) for at, value in enumerate(kbps)]
    return [(one.start_s, one.end_s, round(one.bps / 1000)) for one in limits(points)]


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        ([], []),
        ([500], []),
        ([300, 400, 500, 500], []),  # a call that begins
        ([500, 460, 500], []),  # less than a fall
        ([500, 255, 260, 280, 310, 400], [(1, 4, 300)]),  # until it is above the capacity
        ([500, 300, 255, 260, 310], [(1, 4, 300)]),  # a fall in two steps
        ([500, 255, 310, 255, 310], [(1, 3, 300), (3, 4, 300)]),  # still limited, since it falls again
        ([500, 255, 310, 600, 255, 310], [(1, 2, 300), (4, 5, 300)]),  # far above in between
        ([500, 255, 260, 260], [(1, 3, 300)]),  # until the recording ends
        ([500, 255], [(1, 1, 300)]),
    ],
)
def test_limits(estimate: Sequence[float], expected: list[tuple[float, float, int]]) -> None:
    """A limit begins with a fall, and ends when the estimate has risen above it for good."""
    assert found(*estimate) == expected

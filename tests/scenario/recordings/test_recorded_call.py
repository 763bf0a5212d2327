"""A real call, recorded in a lab: what is imported is the network that the lab imposed, as far as a browser can tell.

Two pages of Chromium 156 in a call over Janus at 640x480, 15 fps; chrome://webrtc-internals of one of them wrote both
dumps, which are trimmed here to the statistics that are read. Its network had 20 ms in each direction and, from 25.2 s
to 35.2 s, 300 kbit/s away from it. It sent some 430 kbit/s. The machine was busy: most of the loss comes from that.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest

from synthlab.scenario.recordings import CallRecording, read_any

pytestmark = pytest.mark.issue(16)

LATENCY_MS, BPS, FROM_S, TO_S = 20, 300_000, 25.2, 35.2


@pytest.fixture(params=["internals", "rtcstats"])
def recorded(request: pytest.FixtureRequest) -> CallRecording:
    found = read_any(Path(__file__).with_name(f"limited.{request.param}.gz"))
    assert isinstance(found, CallRecording)
    return found


def test_the_capacity(recorded: CallRecording) -> None:
    """80 % to 105 % of what was imposed; from at most 3 s after it began until 0 to 6 s after it ended, without a hole.

    A browser notices a limit when a queue has grown, and its end when its estimate has risen again.
    """
    first, *_, last = recorded.limits
    assert 0 <= first.start_s - FROM_S <= 3
    assert 0 <= last.end_s - TO_S <= 6
    assert all(0.8 * BPS <= limit.bps <= 1.05 * BPS for limit in recorded.limits)
    assert [limit.end_s for limit in recorded.limits[:-1]] == [limit.start_s for limit in recorded.limits[1:]]


@pytest.mark.parametrize("side", ["egress", "ingress"])
def test_the_delay(recorded: CallRecording, side: str) -> None:
    """Half of a round trip: 20 to 23 ms in the middle, never above 30 ms, though the queue made it up to 95 ms."""
    delay = recorded.direction(side).delay
    assert delay
    assert LATENCY_MS <= median(delay.values) <= LATENCY_MS + 3
    assert max(delay.values) <= LATENCY_MS + 10


def test_no_gap(recorded: CallRecording) -> None:
    """Something arrived all the time, and little was lost."""
    assert recorded.gaps == ()
    assert recorded.egress.loss
    assert recorded.egress.loss.mean() < 0.03

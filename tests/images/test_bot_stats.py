"""Stats from two samples of a bot's counters."""

from __future__ import annotations

import pytest

from bot.stats import CallSample, RecentSamples, StreamCounters, blind, stats


def received(at: float, frames: int, size: int) -> CallSample:
    return CallSample(
        at, {"ada": {"video": StreamCounters(size, frames, 320, 240, lost=2), "audio": StreamCounters(400, lost=0)}}
    )


def test_rates() -> None:
    """Frame rate and bit rate come from the growth between samples, totals from the last sample."""
    result = stats(received(10.0, 100, 50_000), received(11.0, 115, 75_000))
    assert result == {
        "video": {"ada": {"kbps": 200.0, "fps": 15.0, "frames": 115, "width": 320, "height": 240, "lost": 2}},
        "audio": {"ada": {"kbps": 0.0, "lost": 0}},
        "sent": {},
        "codecs": {},
    }


def test_sent() -> None:
    """The bot's sent media, with the round-trip time in milliseconds."""
    before = CallSample(1.0, sent={"video": StreamCounters(0, frames=0), "audio": StreamCounters(0)})
    after = CallSample(
        3.0, sent={"video": StreamCounters(25_000, frames=30), "audio": StreamCounters(500)}, rtt_s=0.0315
    )
    assert stats(before, after)["sent"] == {
        "video": {"kbps": 100.0, "fps": 15.0, "frames": 30},
        "audio": {"kbps": 2.0},
        "rtt_ms": 31.5,
    }


def test_unknown_is_absent() -> None:
    """Neither the first sample nor a reset counter gives a rate."""
    assert "fps" not in stats(CallSample(), received(11.0, 115, 75_000))["video"]["ada"]
    assert "fps" not in stats(received(10.0, 500, 0), received(11.0, 3, 10))["video"]["ada"]


def test_absent_participant_disappears() -> None:
    """Without a room the keys are present but empty."""
    assert stats(received(10.0, 1, 1), CallSample()) == {"video": {}, "audio": {}, "sent": {}, "codecs": {}}


@pytest.mark.issue(10)
def test_rates_are_of_the_last_second() -> None:
    """At four samples a second, each is compared with the one a second older, or with none until there is one."""
    recent = RecentSamples()
    reports = [stats(recent.before(one), one) for one in (received(turn / 4, 4 * turn, 0) for turn in range(9))]
    assert ["fps" in one["video"]["ada"] for one in reports] == [False] * 4 + [True] * 5
    assert {one["video"]["ada"]["fps"] for one in reports[4:]} == {16.0}
    gone = CallSample(2.25)
    assert stats(recent.before(gone), gone)["video"] == {}
    back = [stats(recent.before(one), one) for one in (received(2.5 + turn / 4, turn, 0) for turn in range(5))]
    assert ["fps" in one["video"]["ada"] for one in back[2:]] == [False, False, True]


def test_codecs() -> None:
    """The codecs of the last sample are published as they are."""
    after = CallSample(1.0, codecs={"96": "video/VP8"})
    assert stats(CallSample(0.0), after)["codecs"] == {"96": "video/VP8"}


def test_blind() -> None:
    """Only a participant whose video arrives without decoded frames is blind."""
    before = received(10.0, 100, 50_000)
    assert blind(before, received(11.0, 100, 60_000)) == {"ada"}
    assert blind(before, received(11.0, 100, 50_000)) == set()
    assert blind(before, received(11.0, 101, 60_000)) == set()
    assert blind(CallSample(), received(11.0, 0, 60_000)) == set()

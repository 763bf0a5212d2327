"""WebRTC statistics from a client's API."""

from __future__ import annotations

from synthlab.control.webrtc_stats import Stats

VIDEO = {"client2": {"kbps": 200.0, "fps": 15.0}}


def test_old_stats_are_no_stats() -> None:
    """Each kind has its own age; values older than 1 s, or of unknown age, are left out."""
    answer = {
        "values": {"video": VIDEO, "audio": {"client2": {"kbps": 30.0}}, "sent": {"video": {"kbps": 1.0}}},
        "age_s": {"video": 1.0, "audio": 1.1},
    }
    assert Stats.from_dict(answer) == Stats(video=VIDEO, audio={}, sent={})


def test_nothing_yet() -> None:
    """A client without measurements has no stats, without error."""
    assert Stats.from_dict({"values": {}, "age_s": {}}) == Stats(video={}, audio={}, sent={})


def test_sees() -> None:
    """A participant is seen if frames are decoded; a missing value does not count."""
    stats = Stats(video={"a": {"fps": 15.0}, "b": {"fps": 0.0}, "c": {}}, audio={}, sent={})
    assert [stats.sees(name) for name in "abcd"] == [True, False, False, False]


def test_what_browsers_and_applications_tell() -> None:
    """Tracks and connections have their own fields; other keys belong to the application."""
    values = {
        "sent_video": {"cam": {"kbps": 9.0}},
        "connections": {"up": {"state": "connected"}},
        "app": {"n": 1},
        "codecs": {"96": "video/VP8"},
        "old": 1,
    }
    ages = {"sent_video": 0.1, "connections": 0.1, "app": 2.0, "codecs": 0.1, "old": 9.0}
    answer = {"values": values, "age_s": ages}
    stats = Stats.from_dict(answer)
    assert (stats.sent_video, stats.connections) == (values["sent_video"], values["connections"])
    assert stats.own == {"app": {"n": 1}}

"""WebRTC statistics as a client's API tells them."""

from __future__ import annotations

from synthlab.control.webrtc_stats import Stats

VIDEO = {"client2": {"kbps": 200.0, "fps": 15.0}}


def test_old_stats_are_no_stats() -> None:
    """Each kind has its own age; what is older than 1 s, or of unknown age, is not there."""
    answer = {
        "values": {"video": VIDEO, "audio": {"client2": {"kbps": 30.0}}, "sent": {"video": {"kbps": 1.0}}},
        "age_s": {"video": 1.0, "audio": 1.1},
    }
    assert Stats.from_dict(answer) == Stats(video=VIDEO, audio={}, sent={})


def test_nothing_yet() -> None:
    """A client that has measured nothing has no stats, and that is no error."""
    assert Stats.from_dict({"values": {}, "age_s": {}}) == Stats(video={}, audio={}, sent={})


def test_sees() -> None:
    """To see somebody means that frames are decoded; a number that is missing is not one."""
    stats = Stats(video={"a": {"fps": 15.0}, "b": {"fps": 0.0}, "c": {}}, audio={}, sent={})
    assert [stats.sees(name) for name in "abcd"] == [True, False, False, False]


def test_what_browsers_and_applications_tell() -> None:
    """Tracks and connections have places of their own; any other key is the application's."""
    values = {
        "sent_video": {"cam": {"kbps": 9.0}},
        "connections": {"up": {"state": "connected"}},
        "app": {"n": 1},
        "old": 1,
    }
    answer = {"values": values, "age_s": {"sent_video": 0.1, "connections": 0.1, "app": 2.0, "old": 9.0}}
    stats = Stats.from_dict(answer)
    assert (stats.sent_video, stats.connections) == (values["sent_video"], values["connections"])
    assert stats.own == {"app": {"n": 1}}

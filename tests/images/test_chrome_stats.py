"""Stats from two samples of a browser; the recorded ones are from client1 in a real call."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from chrome.recent import RecentStats
from chrome.stats import stats

Connection = dict[str, Any]
Recorded = dict[str, dict[str, Connection]]


@pytest.fixture
def recorded() -> Recorded:
    loaded: Recorded = json.loads(Path(__file__).with_name("recorded_samples.json").read_text())
    return loaded


def entry(connection: Connection, kind: str, medium: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one for one in connection["stats"] if one["type"] == kind and one.get("kind") == medium
    )
    return found


def of(sample: dict[str, Connection], name: str | None) -> Connection:
    return next(connection for connection in sample.values() if connection.get("name") == name)


def test_real_call(recorded: Recorded) -> None:
    """A healthy call gives every value, by participant and kind, in the units their names state."""
    result = stats(recorded["before"], recorded["after"])
    assert result["video"]["client2"] == {
        "kbps": 199.0,
        "fps": 14.7,
        "frames": 165,
        "width": 320,
        "height": 240,
        "lost": 0,
        "nack": 0,
        "pli": 1,
        "freezes": 0,
        "freeze_s": 0.0,
        "jitter_buffer_ms": 45.9,
        "rtt_ms": 1.0,
    }
    assert result["audio"]["client2"] == {
        "kbps": 26.6,
        "lost": 0,
        "concealed": 5136,
        "jitter_buffer_ms": 131.7,
        "rtt_ms": 1.0,
    }
    video = {
        "kbps": 204.6,
        "fps": 15.7,
        "frames": 230,
        "width": 320,
        "height": 240,
        "nack": 0,
        "pli": 4,
        "limited": "none",
    }
    assert result["sent"] == {"video": video, "audio": {"kbps": 27.4}, "rtt_ms": 37.8}
    assert result["sent_video"] == {"mid-1": video}
    assert result["sent_audio"] == {"mid-0": {"kbps": 27.4}}
    assert set(result["video"]) == set(result["audio"]) == {"client2", "bot-1"}


def test_first_sample_has_totals_only(recorded: Recorded) -> None:
    """Values that need two samples are absent after one, never 0."""
    video = stats({}, recorded["after"])["video"]["client2"]
    assert video["frames"] == 165
    assert not {"kbps", "fps", "jitter_buffer_ms"} & set(video)


def test_absent_participant_disappears(recorded: Recorded) -> None:
    """A participant whose connection is gone has no values."""
    del recorded["after"]["page/17"]
    result = stats(recorded["before"], recorded["after"])
    assert set(result["video"]) == {"bot-1"}


def test_empty_call() -> None:
    """Every top-level key is always present, so that old values are replaced by empty ones."""
    kinds = ("video", "audio", "sent", "sent_video", "sent_audio", "connections", "codecs")
    assert stats({}, {}) == {kind: {} for kind in kinds}


@pytest.mark.issue(10)
def test_the_sample_of_a_second_ago() -> None:
    """Rates use the sample at least a second old, late samples included; with only newer ones there are none."""
    recent = RecentStats()
    taken = [({"c": {"turn": turn}}, turn * 0.25 + 0.01 * (turn % 3)) for turn in range(8)]
    compared = [recent.before(at_s, sample) for sample, at_s in taken]
    assert [one["c"]["turn"] if one else None for one in compared] == [None, None, None, None, 0, 1, 2, 3]
    late: Any = {"c": {"turn": 8}}
    assert recent.before(4.0, late)["c"]["turn"] == 7


def test_stalled_video_is_zero(recorded: Recorded) -> None:
    """A stalled stream has 0 fps and 0 kbit/s, which is known; its delay is not, since there are no frames."""
    before, after = (entry(of(recorded[when], "client2"), "inbound-rtp", "video") for when in ("before", "after"))
    after.update(before, timestamp=after["timestamp"])
    video = stats(recorded["before"], recorded["after"])["video"]["client2"]
    assert (video["kbps"], video["fps"]) == (0.0, 0.0)
    assert "jitter_buffer_ms" not in video


def test_counter_reset(recorded: Recorded) -> None:
    """A counter that was reset gives no rate instead of a negative one."""
    entry(of(recorded["after"], "client2"), "inbound-rtp", "video")["framesDecoded"] = 3
    video = stats(recorded["before"], recorded["after"])["video"]["client2"]
    assert video["frames"] == 3
    assert "fps" not in video


def test_missing_counter(recorded: Recorded) -> None:
    """A value the browser does not report is absent."""
    del entry(of(recorded["after"], "client2"), "inbound-rtp", "video")["freezeCount"]
    assert "freezes" not in stats(recorded["before"], recorded["after"])["video"]["client2"]


def test_stale_round_trip(recorded: Recorded) -> None:
    """A round-trip time is absent once nothing has arrived for 5 s, or for 1 s while media is received.

    The last value is out of date by then.
    """
    for connection in recorded["after"].values():
        entry(connection, "candidate-pair")["lastPacketReceivedTimestamp"] -= 1500
    result = stats(recorded["before"], recorded["after"])
    assert "rtt_ms" not in result["video"]["client2"]
    assert "rtt_ms" in result["connections"]["connection"]
    for connection in recorded["after"].values():
        entry(connection, "candidate-pair")["lastPacketReceivedTimestamp"] -= 6000
    for medium in ("audio", "video"):
        entry(of(recorded["after"], None), "remote-inbound-rtp", medium)["timestamp"] -= 6000
    result = stats(recorded["before"], recorded["after"])
    assert "rtt_ms" not in result["video"]["client2"]
    assert "rtt_ms" not in result["sent"]


def test_sent_round_trip_without_reports(recorded: Recorded) -> None:
    """Until the first RTCP report arrives, the path's round-trip time is used."""
    publisher = of(recorded["after"], None)
    publisher["stats"] = [one for one in publisher["stats"] if one["type"] != "remote-inbound-rtp"]
    assert stats(recorded["before"], recorded["after"])["sent"]["rtt_ms"] == 6.0


def test_layers_of_simulcast(recorded: Recorded) -> None:
    """Simulcast layers count as one sender: bits add up, frames are the best layer's, any limitation is shown."""
    for sample in recorded.values():
        publisher = of(sample, None)
        high = entry(publisher, "outbound-rtp", "video")
        high["rid"] = "h"
        limited = {"qualityLimitationReason": "bandwidth", "frameWidth": 160, "frameHeight": 120}
        publisher["stats"].append({**high, **limited, "id": "small", "rid": "l"})
    result = stats(recorded["before"], recorded["after"])
    video = result["sent"]["video"]
    assert (video["kbps"], video["fps"], video["frames"], video["limited"]) == (409.2, 15.7, 230, "bandwidth")
    assert (video["width"], video["height"]) == (320, 240)
    one = {"kbps": 204.6, "fps": 15.7, "frames": 230}
    assert video["layers"] == {"h": {**one, "width": 320, "height": 240}, "l": {**one, "width": 160, "height": 120}}
    assert result["sent_video"] == {"mid-1": video}


def test_what_is_not_in_every_call(recorded: Recorded) -> None:
    """Dropped frames, PLI and FIR counts and time to first frame are reported if the browser has them."""
    connection = of(recorded["after"], "client2")
    video = entry(connection, "inbound-rtp", "video")
    video.update(framesDropped=2, firCount=1)
    connection["tracks"][video["trackIdentifier"]]["firstFrameMs"] = 812.34
    video = stats(recorded["before"], recorded["after"])["video"]["client2"]
    assert (video["dropped"], video["fir"], video["first_frame_ms"]) == (2, 1, 812.3)


def test_losses_of_what_is_sent(recorded: Recorded) -> None:
    """Remotely reported loss is assigned to its track."""
    publisher = of(recorded["after"], None)
    for kind, lost in (("video", 7), ("audio", 3)):
        entry(publisher, "remote-inbound-rtp", kind).update(
            localId=entry(publisher, "outbound-rtp", kind)["id"], packetsLost=lost
        )
    result = stats(recorded["before"], recorded["after"])
    assert (result["sent_video"]["mid-1"]["lost"], result["sent_audio"]["mid-0"]["lost"]) == (7, 3)
    assert result["sent"]["video"]["lost"] == 7


def test_paths(recorded: Recorded) -> None:
    """Each connection has its state and selected candidates, under the participant's name."""
    publisher = of(recorded["after"], None)
    publisher.update(state="connected", restarts=1)
    pair = entry(publisher, "candidate-pair")
    pair.update(localCandidateId="near", remoteCandidateId="far", availableOutgoingBitrate=500_000)
    near = {"id": "near", "candidateType": "relay", "protocol": "udp", "relayProtocol": "tls"}
    publisher["stats"] += [
        {"type": "local-candidate", "timestamp": pair["timestamp"], **near},
        {"type": "remote-candidate", "timestamp": pair["timestamp"], "id": "far", "candidateType": "srflx"},
    ]
    paths = stats(recorded["before"], recorded["after"])["connections"]
    assert paths["connection"] == {
        "state": "connected",
        "local": "relay",
        "remote": "srflx",
        "protocol": "udp",
        "relay_protocol": "tls",
        "rtt_ms": 6.0,
        "available_kbps": 500.0,
        "ice_restarts": 1,
    }
    assert set(paths) == {"connection", "client2", "bot-1"}


def test_codecs_in_use(recorded: Recorded) -> None:
    """The MIME type of each payload type that a stream uses; none if two connections disagree about it."""
    publisher, client2 = of(recorded["after"], None), of(recorded["after"], "client2")
    codecs = {
        "VP8": (96, "video/VP8"),
        "opus": (111, "audio/opus"),
        "H264": (102, "video/H264"),
        "odd": (111, "audio/PCMU"),
    }
    made = {
        id: {"type": "codec", "id": id, "timestamp": 1, "payloadType": number, "mimeType": mime}
        for id, (number, mime) in codecs.items()
    }
    publisher["stats"] += [made["VP8"], made["opus"], made["H264"]]
    entry(publisher, "outbound-rtp", "video")["codecId"] = "VP8"
    entry(publisher, "outbound-rtp", "audio")["codecId"] = "opus"
    assert stats(recorded["before"], recorded["after"])["codecs"] == {"96": "video/VP8", "111": "audio/opus"}
    client2["stats"].append(made["odd"])
    entry(client2, "inbound-rtp", "audio")["codecId"] = "odd"
    assert stats(recorded["before"], recorded["after"])["codecs"] == {"96": "video/VP8"}


def test_names_of_what_is_sent(recorded: Recorded) -> None:
    """A sent track has the page's name, without characters the API would reject."""
    for sample in recorded.values():
        of(sample, None)["sent"] = {"1": {"name": "my\ncamera"}, "0": {}}
    result = stats(recorded["before"], recorded["after"])
    assert (set(result["sent_video"]), set(result["sent_audio"])) == ({"my?camera"}, {"mid-0"})


def test_ghost_of_a_reconnection(recorded: Recorded) -> None:
    """Of two streams with the same participant name the newer wins."""
    for sample in recorded.values():
        sample["page/99"] = copy.deepcopy(of(sample, "client2"))
    entry(recorded["after"]["page/99"], "inbound-rtp", "video")["framesDecoded"] = 7
    assert stats(recorded["before"], recorded["after"])["video"]["client2"]["frames"] == 7


@pytest.mark.parametrize(
    ("track", "names"),
    [
        ({"name": "ada", "stream": "janus"}, {"ada"}),
        ({"stream": "janus", "mid": "1"}, {"janus", "janus-2"}),
        ({"mid": "1"}, {"janus1", "janus1-2"}),
    ],
)
def test_names(recorded: Recorded, track: dict[str, str], names: set[str]) -> None:
    """The page's name for a track has priority; without one, stream ids are used, made unique."""
    for sample in recorded.values():
        for connection in sample.values():
            connection["name"] = None
            connection["tracks"] = dict.fromkeys(("janus0", "janus1"), track)
    assert set(stats(recorded["before"], recorded["after"])["video"]) == names

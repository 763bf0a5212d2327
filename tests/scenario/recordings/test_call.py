"""Dumps of calls are read alike, whatever their dialect; what a dump does not show is said."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from synthlab.errors import WrongUse
from synthlab.scenario import check_scenario
from synthlab.scenario.csvtrace import read_csv
from synthlab.scenario.recordings import CallRecording, read_any, read_recording, scenario_text, table_text
from synthlab.text.durations import SECOND_NS

from .dumps import call, chromium, compressed, internals, legacy

pytestmark = pytest.mark.issue(16)

RATES = [900_000] * 10 + [300_000] * 10 + [600_000] * 10


def read(folder: Path, text: str) -> CallRecording:
    (folder / "dump").write_text(text)
    found = read_any(folder / "dump")
    assert isinstance(found, CallRecording)
    return found


DIALECTS = {
    "internals": lambda calls: internals({"6-1": calls}),
    "internals before 117": lambda calls: internals({"6-1": calls}, timed=False),
    "rtcstats of Chromium": chromium,
    "rtcstats 3": compressed,
    "rtcstats without a header": legacy,
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_dialect(tmp_path: Path, dialect: str) -> None:
    """The estimate or the capacity, half of the round trip, and loss of each second, in each dialect."""
    lost = [5 * max(0, second - 10) for second in range(30)]
    found = read(tmp_path, DIALECTS[dialect](call(RATES, [0.05] * 30, lost)))
    assert found.egress.lasts_s == 29
    assert found.egress.rate
    assert found.egress.rate.values == [*[9e5] * 10, *[3e5 / 0.85] * 10, *[6e5] * 9]
    assert found.egress.delay
    assert set(found.egress.delay.values) == {25.0}
    assert found.egress.loss
    assert [found.egress.loss.values[at] for at in (5, 20)] == [0.0, pytest.approx(5 / 50)]
    assert found.ingress.rate is None
    assert found.ingress.loss
    assert found.ingress.loss.values[20] == pytest.approx(10 / 60)
    assert found.gaps == ()


def test_a_queue_is_left_to_the_rate(tmp_path: Path) -> None:
    """A round trip that a queue makes longer for some seconds leaves the delay as it is; one for long does not."""
    trips = [0.04] * 10 + [0.3] * 4 + [0.04] * 16 + [0.2] * 20
    found = read(tmp_path, internals({"6-1": call([500_000] * 50, trips)})).egress.delay
    assert found
    assert list(found.values) == [*[20.0] * 35, *[100.0] * 14]


def test_gaps(tmp_path: Path) -> None:
    """Seconds in which nothing arrived though something was sent: an outage of both directions."""
    arrived = [1000 * min(second, 10) + 1000 * max(0, second - 15) for second in range(30)]
    found = read(tmp_path, internals({"6-1": call(RATES, arrived=arrived)}))
    ((start, end),) = found.gaps
    assert [start, end] == pytest.approx([10, 15])
    assert "nothing arrived in 1 gap, 5 s in all: there, both directions are cut" in found.notes
    assert found.egress.rate
    assert found.egress.rate.values[9:16] == [900_000, 0, 0, 0, 0, 0, 300_000 / 0.85]
    table = read_csv(table_text(found))
    outages = {at_ns // SECOND_NS: row["ingress"].get("outage") for at_ns, row in table.rows}
    assert (outages[0], outages[10], outages[15]) == (None, "true", None)


def test_the_busiest_connections(tmp_path: Path) -> None:
    """What was sent is read from the connection that sent the most, so one that only receives does not count."""
    idle = call([300_000] * 30)
    for reports in idle:
        reports["CPa-b_c"]["bytesSent"] //= 100
        reports["CPa-b_c"]["bytesReceived"] *= 5
    quiet = call([100_000] * 30, arrived=list(range(30)))
    for reports in quiet:
        reports["CPa-b_c"]["bytesSent"] //= 1000
    found = read(tmp_path, internals({"6-1": idle, "6-2": call(RATES), "6-3": quiet}))
    assert found.egress.rate
    assert max(found.egress.rate.values) == 900_000
    assert "1 connection that sent and received less is left out" in found.notes


def test_no_estimate(tmp_path: Path) -> None:
    """Firefox estimates nothing: no rate is imposed, and the notes say so."""
    calls = call(RATES)
    for reports in calls:
        del reports["CPa-b_c"]["availableOutgoingBitrate"]
    found = read(tmp_path, chromium(calls))
    assert found.egress.rate is None
    assert found.notes[0] == "the dump has no estimate of the rate (only Chromium has one): none is limited"
    assert "rate" not in table_text(found)


def test_notes(tmp_path: Path) -> None:
    """What a dump cannot tell is said, also of one direction."""
    found = read(tmp_path, internals({"6-1": call(RATES)}))
    assert [note.split(" (")[0] for note in found.notes] == [
        "the rate is known only where the browser's estimate",
        "one way is half of the round trip, the shortest within 5 s: queues are left to the rate",
        "loss includes what a full queue dropped",
        "the rate towards the client is not known, so it is not limited",
    ]
    assert read_recording(tmp_path / "dump", "egress").note == "; ".join(found.notes)
    with pytest.raises(WrongUse, match="has both directions; choose one with --direction ingress or egress"):
        read_recording(tmp_path / "dump")


def test_no_fall(tmp_path: Path) -> None:
    """An estimate that never falls shows no capacity: the scenario sets no rate, and the notes say so."""
    found = read(tmp_path, internals({"6-1": call([300_000, 500_000, 480_000, 900_000])}))
    assert found.limits == ()
    assert found.notes[0].startswith(
        "the browser's estimate of the rate (availableOutgoingBitrate) never fell by a tenth"
    )
    assert "rate" not in table_text(found)


def test_only_counters(tmp_path: Path) -> None:
    """A dump without estimates and round trips still has loss; one without anything of the network is refused."""
    calls = call(RATES, lost=[2 * second for second in range(30)])
    for reports in calls:
        del reports["CPa-b_c"]["availableOutgoingBitrate"], reports["CPa-b_c"]["currentRoundTripTime"]
    assert table_text(read(tmp_path, chromium(calls))).startswith(
        "time [s],egress.loss [%],ingress.loss [%]\n0,4.0,7.4"
    )
    with pytest.raises(WrongUse, match="dump: has neither a rate nor a round trip for egress"):
        read_recording(tmp_path / "dump", "egress")
    with pytest.raises(WrongUse, match="dump: has no estimate of the rate, no round trip, and no count"):
        read(tmp_path, chromium([{"CPa-b_c": reports["CPa-b_c"]} for reports in calls]))


@pytest.mark.parametrize(
    ("source", "shown"),
    [("dump.gz", "dump.gz"), ('my: ${HOME} # "dump\n.gz', 'my: ${HOME} # "dump?.gz'), ("x" * 300, "x" * 120)],
)
def test_scenario(tmp_path: Path, source: str, shown: str) -> None:
    """The scenario is valid whatever the dump is called, and imposes the table's values at their times."""
    found = read(tmp_path, internals({"6-1": call(RATES)}))
    (tmp_path / "again.yaml").write_text(scenario_text(found, source, "again.csv"))
    (tmp_path / "again.csv").write_text(table_text(found))
    plan = check_scenario(str(tmp_path / "again.yaml"), environment={})
    assert plan.scenario.about == f"the network of the call in {shown}, again"
    rows = read_csv((tmp_path / "again.csv").read_text())
    assert [(at_ns // SECOND_NS, row["egress"]["rate"]) for at_ns, row in rows.rows] == [
        (0, None),
        (10, "352.9kbit"),
        (20, None),
        (27, None),
        (28, None),
    ]
    assert rows.lasts_ns == found.egress.lasts_s * SECOND_NS
    assert rows.rows[0][1]["ingress"] == {"latency": "20.0ms", "loss": "0.0%"}


def test_compressed(tmp_path: Path) -> None:
    """A dump may be compressed with gzip; one that is cut off, or too large when decompressed, is refused."""
    whole = gzip.compress(internals({"6-1": call(RATES)}).encode())
    (tmp_path / "dump.gz").write_bytes(whole)
    assert isinstance(read_any(tmp_path / "dump.gz"), CallRecording)
    (tmp_path / "dump.gz").write_bytes(whole[:-100])
    with pytest.raises(WrongUse, match=r"dump.gz: is not whole: cannot be decompressed with gzip"):
        read_any(tmp_path / "dump.gz")
    (tmp_path / "dump.gz").write_bytes(gzip.compress(bytes(65 << 20), 1))
    with pytest.raises(WrongUse, match=r"dump.gz: is more than 64 MB when decompressed"):
        read_any(tmp_path / "dump.gz")


def one_series(**series: object) -> str:
    stats = {"CP1-bytesSent": {"statsType": "candidate-pair", **series}}
    return json.dumps({"PeerConnections": {"6-1": {"stats": stats}}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"PeerConnections": []}', "has no object `PeerConnections`; allowed: a dump of webrtc-internals"),
        ('{"PeerConnections": {}}', "has no connection with statistics over time: open webrtc-internals"),
        ('{"PeerConnections": {"6-1": 5}}', "PeerConnections.6-1: has no object `stats`; allowed: what `Create a"),
        ('{"PeerConnections": {"6-1"', "line 1: is not JSON: Expecting ':' delimiter; is the file cut off?"),
        ('{"PeerConnections": ' + "[" * 100_000, "is nested too deeply; allowed: a dump of webrtc-internals"),
        (one_series(values="[1,"), "PeerConnections.6-1.stats.CP1-bytesSent: has no `values` such as"),
        (one_series(values="[" * 100_000), "PeerConnections.6-1.stats.CP1-bytesSent: has no `values` such as"),
        (one_series(values="[1]"), "PeerConnections.6-1.stats.CP1-bytesSent: has neither timestamps nor startTime"),
        (one_series(values="[1]", startTime=5), "PeerConnections.6-1.stats.CP1-bytesSent: has neither timestamps"),
        ("RTCStatsDump\n{}\n", "has no connection with statistics over time"),
        ("RTCStatsDump\n{}\n[1\n", "line 3: is not JSON: Expecting ',' delimiter; is the file cut off?"),
        ("RTCStatsDump\n{}\n" + "[" * 100_000, "line 3: is nested too deeply; allowed: an event of rtcstats"),
        ("RTCStatsDump\n{}\n[1, 2]\n", "line 3: [1, 2] is not an event of rtcstats, [what, connection,"),
        ('RTCStatsDump\n{}\n["g", "PC_0", {}, "now"]\n', "line 3: 'now' is not a time in milliseconds"),
        ('RTCStatsDump\n{}\n["g", "PC_0", {}, 1' + "0" * 400 + "]", "line 3: '10000000"),
        ('RTCStatsDump\n{}\n["g", null, {}, 1]\n', "line 3: a getStats event without a connection, or without"),
        (
            'RTCStatsDump\n{}\n["g", "P", {"1": {"type": 6, "timestamp": "x"}}, 1]\n',
            "line 3: 1: its timestamp: 'x' is not a time in milliseconds since 1970",
        ),
    ],
)
def test_mistakes(tmp_path: Path, text: str, expected: str) -> None:
    """One line with the file, where in it, and what is allowed."""
    (tmp_path / "dump").write_text(text)
    with pytest.raises(WrongUse) as caught:
        read_any(tmp_path / "dump")
    assert str(caught.value).startswith(f"{tmp_path}/dump: {expected}")
    assert "\n" not in str(caught.value)


def test_too_long(tmp_path: Path) -> None:
    """Two getStats that are years apart are refused, not put on a raster of seconds."""
    calls = chromium(call([1, 1])).replace(str(1_796_031_284_284.5), "1896031284284.5")
    with pytest.raises(WrongUse, match=r"dump: lasts 100000001 s; at most 86400 s are allowed"):
        read(tmp_path, calls)

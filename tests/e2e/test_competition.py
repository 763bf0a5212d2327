"""Competing traffic at a real bottleneck: the delay that it causes, how its flows share, and its pauses."""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import mean

import pytest

from synthlab.control.backend import make_backend
from synthlab.runner.traffic import RunningTraffic, start_traffic
from synthlab.scenario.actions import Congestion, Traffic
from synthlab.scenario.expression import jain
from synthlab.scenario.traffic_patterns import OnOff, Transfer
from synthlab.text.durations import MS_NS, SECOND_NS

from .labs import synthlab
from .pair import Pair, pair_up

pytestmark = [pytest.mark.docker, pytest.mark.issue(17), pytest.mark.soak]

LAB = "traffic-competition"
BACKEND = make_backend()
RATE_BPS = 2e6
QUEUE_MS = 500
PORT = 5600
MEDIA_BPS = 200_000.0
STEADY = Transfer(at_ns=0)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_up(LAB, tmp_path_factory.mktemp("stack")) as up:
        yield up


@contextmanager
def sent(traffic: Traffic) -> Iterator[RunningTraffic]:
    running = start_traffic(BACKEND.engine, traffic, BACKEND.members(LAB)[1])
    try:
        yield running
    finally:
        running.stop()
    assert running.error() is None


def tcp(flows: int = 1, congestion: Congestion | None = "cubic", for_s: int = 60) -> Traffic:
    """From client2, whose uplink the tests limit, to client1."""
    return Traffic(
        client="client2",
        target="client1",
        protocol="tcp",
        rate_bps=None,
        for_ns=for_s * SECOND_NS,
        congestion=congestion,
        name="tcp",
        flows=((STEADY,),) * flows,
    )


def limited(pair: Pair, aqm: str, queue: str) -> None:
    pair.reset()
    pair.set("--egress", "--rate", f"{RATE_BPS / 1000:g}kbit", "--queue", queue, "--aqm", aqm, "--latency", "10ms")


def controls(pair: Pair) -> list[str]:
    """The congestion control of each of client2's connections to client1, as the kernel lists them."""
    command = ["nsenter", "--target", str(pair.pid("client2")), "--net", "ss", "-Htin", "state", "established"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    client1 = pair.address("client1")
    return [after.split()[0] for head, after in itertools.pairwise(lines) if f"{client1}:" in head]


@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_flows_share_a_fair_queue(congestion: Congestion, pair: Pair) -> None:
    """Four flows of a kind get equal parts of a bottleneck with fq_codel; their sockets have the named control."""
    limited(pair, "fq_codel", queue="1000p")
    with sent(tcp(flows=4, congestion=congestion)) as running:
        time.sleep(2)
        seen = controls(pair)
        rates: list[Sequence[float]] = []
        for _ in range(4):
            time.sleep(1)
            rates.append(running.rates_bps() or ())
    assert seen == [congestion] * 4
    assert running.congestion == congestion
    assert {len(each) for each in rates} == {4}
    of_flows = [mean(flow) for flow in zip(*rates, strict=True)]
    index = jain(of_flows)
    print(f"{congestion}: {[round(rate / 1000) for rate in of_flows]} kbit/s, Jain's index {index:.3f}")
    assert index is not None
    assert index > 0.9
    assert 0.85 * RATE_BPS < sum(of_flows) < RATE_BPS


@pytest.mark.parametrize(("aqm", "least_ms", "most_ms"), [("droptail", 350, QUEUE_MS + 60), ("fq_codel", 0, 60)])
def test_a_media_stream_beside_tcp(aqm: str, least_ms: float, most_ms: float, pair: Pair) -> None:
    """Cubic's queue delays the packets of a stream to its full length with droptail, and hardly with fq_codel.

    The forwarder's own number agrees with the packets.
    """
    limited(pair, aqm, queue="1000p" if aqm == "fq_codel" else f"{QUEUE_MS}ms")
    with sent(tcp()):
        time.sleep(8)
        receiver = pair.traffic("client1", "arrivals", PORT, 9.5, script="stamps.py").ready()
        pair.traffic("client2", "stream", pair.address("client1"), PORT, 8, MEDIA_BPS, script="stamps.py").result()
        achieved = pair.state()["links"]["egress"]["achieved"]
        delays = sorted((at - sent_at) / MS_NS for sent_at, at in receiver.result()["came"])
    p95 = delays[len(delays) * 95 // 100]
    print(f"{aqm}: {len(delays)} packets, p95 {p95:.0f} ms; the queue {achieved}")
    assert len(delays) > 0.7 * MEDIA_BPS * 8 / 1242 / 8
    assert least_ms <= p95 <= most_ms
    if aqm == "droptail":
        # The stream's delay is that of the queue, which it shares, and 10 ms of latency.
        assert achieved["queue_delay_p95_ms"] == pytest.approx(p95 - 10, abs=100)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_pauses_are_pauses(protocol: str, pair: Pair) -> None:
    """The receiver gets the bottleneck's rate in each half second that is on, and nothing in each that is off."""
    limited(pair, "droptail", queue="100ms")
    pattern = OnOff(on_ns=3 * SECOND_NS, off_ns=3 * SECOND_NS)
    traffic = Traffic(
        client="client2",
        target="client1",
        protocol="udp" if protocol == "udp" else "tcp",
        rate_bps=1e6 if protocol == "udp" else None,
        for_ns=15 * SECOND_NS,
        pattern=pattern,
        flows=(tuple(pattern.transfers(15 * SECOND_NS, Random(0))),),
    )
    counts = []
    with sent(traffic):
        begun = time.monotonic()
        while (now_s := time.monotonic() - begun) < 14.5:
            counts.append((now_s, pair.state("client1")["links"]["ingress"]["bytes_out"]))
            time.sleep(0.5)
    rates = [
        ((at + before) / 2, (count - base) * 8 / (at - before))
        for (before, base), (at, count) in itertools.pairwise(counts)
    ]
    print([(round(at_s, 1), round(bps / 1000)) for at_s, bps in rates])
    on = [bps for at_s, bps in rates if 1 < at_s % 6 < 2.7]
    off = [bps for at_s, bps in rates if 3.7 < at_s % 6 < 5.7]
    assert min(on) > (0.8e6 if protocol == "udp" else 0.7 * RATE_BPS)
    assert max(off) < 50_000


def test_numbers_of_a_scenario(pair: Pair, tmp_path: Path) -> None:
    """A scenario's expectations know the rates of its traffic, their fairness, and the delay in the queue."""
    pair.reset()
    scenario = tmp_path / "competition.yaml"
    scenario.write_text(f"""\
stack: pair.yaml
steps:
  - set: client2
    egress: {{rate: {RATE_BPS / 1000:g}kbit, aqm: fq_codel}}
  - {{traffic: client2, to: client1, flows: 3, congestion: reno, for: 20s}}
  - {{traffic: client2, to: client1, name: video, pattern: video-on-demand, rate: 100kbit, chunk: 2s, for: 20s}}
  - at: 4s
    expect: mean(client2.traffic.tcp.fairness, 5s) > 0.9 and client2.traffic.tcp.rate > 1.2mbit
    within: 14s
  - at: 4s
    expect: mean(client2.traffic.video.rate, 6s) > 50kbit and client2.egress.queue_delay_p95 < 200ms
    within: 14s
  - at: 4s
    expect: fairness(client2.traffic.tcp.flows.1.rate, client2.traffic.tcp.flows.3.rate) > 0.8
    within: 14s
""")
    (tmp_path / "pair.yaml").write_text(
        "clients:\n  client1: {image: syntheticnet}\n  client2: {image: syntheticnet}\n"
    )
    report = tmp_path / "out.html"
    done = synthlab("scenario", "run", str(scenario), "--lab", LAB, "--json", "--report", str(report))
    (record,) = json.loads(done.stdout)["records"]
    assert record["verdict"] == "passed", record["reasons"]
    assert {"client2.traffic.tcp.fairness", "client2.traffic.video.rate"} <= record["samples"].keys()
    page = report.read_text()
    assert "competing traffic" in page
    assert "egress delay in the queue" in page

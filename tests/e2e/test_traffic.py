"""Competing traffic in a real lab, measured by the forwarders."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from urllib.request import urlopen

import pytest

from synthlab.control.addresses import api_url
from synthlab.control.backend import make_backend
from synthlab.engine.containers import Container
from synthlab.runner.traffic import RunningTraffic, start_traffic
from synthlab.scenario.actions import Congestion, Traffic
from synthlab.text.durations import SECOND_NS

from .labs import docker, lab_up, synthlab
from .pair import Pair

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("lab")]

LAB = "e2e-traffic"
WORLD = make_backend()
STACK = """\
sfu: {image: "debian:bookworm-slim", command: sleep 600}
clients:
  client1: {image: syntheticnet, command: sleep 600, env: {SYNTHLAB_USER: nobody}}
  client2: {image: syntheticnet, command: sleep 600}
"""
BPS = 1_000_000.0
PAYLOAD = 1200
FRAME = (PAYLOAD + 42) / PAYLOAD
"""Ratio of a datagram's frame to its payload: 14 bytes of Ethernet, 20 of IPv4, 8 of UDP."""
DEATH = """\
import sys, time
from synthlab.scenario.actions import Traffic
from synthlab.runner.traffic import start_traffic
from synthlab.control.backend import make_backend
backend = make_backend()
_, members = backend.members(sys.argv[1])
for target, protocol in (("client2", "tcp"), ("sfu", "udp")):
    traffic = Traffic(client="client1", target=target, protocol=protocol, rate_bps=1e5, for_ns=120 * 10**9)
    start_traffic(backend.engine, traffic, members)
print("begun", flush=True)
time.sleep(120)
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two light clients, and a media server without Python; running traffic stops with the lab."""
    stack = tmp_path_factory.mktemp("stack") / "traffic.yaml"
    stack.write_text(STACK)
    with lab_up(LAB, stack):
        yield
        running = start_traffic(WORLD.engine, _traffic(target="sfu", for_ns=120 * SECOND_NS), _members())
    assert running.error()
    running.stop()


def _members() -> Sequence[Container]:
    return WORLD.members(LAB)[1]


def _traffic(**changed: object) -> Traffic:
    usual = {"client": "client1", "target": "client2", "protocol": "udp", "rate_bps": BPS, "for_ns": 30 * SECOND_NS}
    return Traffic(**(usual | changed))  # type: ignore[arg-type]


def _measured(seconds: float) -> dict[str, tuple[float, float]]:
    """Lower and upper bound of the bit rate of each of client1's links, from its counters.

    The counters were read at some moment between request and answer.
    """
    (client,) = [member for member in _members() if member.title == "client1"]
    asked, counters = [], []
    for wait in (seconds, 0.0):
        begin = time.monotonic()
        with urlopen(f"{api_url(client)}/v1/state") as answer:
            counters.append({way: link["bytes_out"] for way, link in json.load(answer)["links"].items()})
        asked.append((begin, time.monotonic()))
        time.sleep(wait)
    bits = {way: (counters[1][way] - counters[0][way]) * 8 for way in counters[0]}
    longest, shortest = asked[1][1] - asked[0][0], asked[1][0] - asked[0][1]
    return {way: (passed / longest, passed / shortest) for way, passed in bits.items()}


def _are_near(measured: Mapping[str, tuple[float, float]], bps: float, seconds: float) -> bool:
    return all(_is_near(bounds, bps, seconds) for bounds in measured.values())


def _is_near(measured: tuple[float, float], bps: float, seconds: float) -> bool:
    """The tolerance: traffic may be 0.1 s late and catch up, at either end; that covers a datagram more or less."""
    return measured[0] <= bps * (1 + 0.1 / seconds) and measured[1] >= bps * (1 - 0.1 / seconds)


def _loaders() -> list[str]:
    """The traffic programs that run in the clients, and the sidecars."""
    listed = [docker("top", f"synthlab-{LAB}-{name}-1", "-eo", "pid,args") for name in ("client1", "client2")]
    programs = [line for top in listed for line in top.splitlines() if "s competing traffic:" in line]
    return programs + docker("ps", "-aq", "--filter", "label=synthlab.role=sidecar").split()


@pytest.mark.parametrize(("away", "toward"), [("client2", "sfu"), ("sfu", "client2")])
def test_udp_at_a_rate(away: str, toward: str) -> None:
    """1 Mbit/s of payload passes client1's link in each direction, to one target and from another at once."""
    late = Pair(LAB).late()
    both = [
        start_traffic(WORLD.engine, _traffic(target=target, reverse=reverse), _members())
        for target, reverse in ((away, False), (toward, True))
    ]
    try:
        time.sleep(0.3)
        # A late source skips what is more than 0.1 s overdue.
        assert any(_are_near(_measured(3.0), BPS * FRAME, 3.0) for _ in range(3))
        assert [traffic.error() for traffic in both] == [None, None]
    finally:
        for traffic in both:
            traffic.stop()
    dropped = PAYLOAD * (Pair(LAB).late() - late)
    for traffic in both:
        assert traffic.sent is not None
        assert traffic.received is not None
        assert 0 <= traffic.sent - traffic.received <= dropped


def test_tcp_fills_the_link() -> None:
    """At 2 Mbit/s and 20 ms a connection fills the link once its window is four packets: the queue never empties."""
    synthlab("set", "client1", "--egress", "--rate", "2mbit", "--latency", "20ms", "--lab", LAB)
    traffic = start_traffic(WORLD.engine, _traffic(protocol="tcp", rate_bps=None), _members())
    try:
        time.sleep(1.5)
        assert any(_is_near(_measured(4.0)["egress"], 2e6, 4.0) for _ in range(3))
        there = Pair(LAB).read("client1", "/proc/sys/net/ipv4/tcp_available_congestion_control").split()
        assert traffic.congestion == ("cubic" if "cubic" in there else "reno")
    finally:
        traffic.stop()
        synthlab("reset", "client1", "--lab", LAB)


@pytest.mark.issue(10)
@pytest.mark.soak
@pytest.mark.parametrize(
    ("sender", "congestion", "least_ms", "most_ms"),
    [
        ("client1", None, 800, 1150),
        ("client1", "cubic", 800, 1150),
        ("client1", "reno", 800, 1150),
        ("client1", "bbr", 0, 500),
        ("sfu", None, 800, 1150),
    ],
)
def test_tcp_fills_a_queue_of_a_second(
    sender: str, congestion: Congestion | None, least_ms: float, most_ms: float
) -> None:
    """Cubic's queue delays other packets by nearly a second, whatever the machine's default; bbr's would not.

    Algorithms not allowed for ordinary users also work, from a client and next to a server of any image.
    """
    reverse, pair = sender == "sfu", Pair(LAB)
    direction, target = ("ingress", "sfu") if reverse else ("egress", "client2")
    prober, probed = ("client2", "client1") if reverse else ("client1", "client2")
    synthlab("set", "client1", f"--{direction}", "--rate", "1mbit", "--queue", "1s", "--lab", LAB)
    request = _traffic(target=target, protocol="tcp", rate_bps=None, reverse=reverse, congestion=congestion)
    traffic = start_traffic(WORLD.engine, request, _members())
    try:
        # cubic leaves slow start long before the queue is full, and needs another 5 s to fill it (RFC 9438, 4.2).
        receiver = pair.traffic(probed, "arrivals", 5600, 13.5, script="stamps.py").ready()
        pair.traffic(prober, "stream", pair.address(probed), 5600, 12, 50_000, script="stamps.py").result()
        delays = sorted((at - sent) / 1e6 for sent, at in receiver.result()["came"])
    finally:
        traffic.stop()
        synthlab("reset", "client1", "--lab", LAB)
    # bbr also fills the queue at startup, so the median of its probes counts.
    late = delays[len(delays) // 2 if traffic.congestion == "bbr" else -2]
    print(f"{traffic.congestion}: of {len(delays)} probes that which counts waited for {late:.0f} ms")
    assert least_ms <= late <= most_ms
    assert traffic.congestion in (("cubic", "reno") if congestion is None else (congestion,))


def test_stopped_and_hidden() -> None:
    """After a stop no competing traffic is left; while it ran, its sidecar was not a member of the lab."""
    running = [start_traffic(WORLD.engine, _traffic(target=target), _members()) for target in ("client2", "sfu")]
    assert len(_loaders()) > 2
    assert {member.title for member in _members()} == {"sfu", "client1", "client2"}
    for traffic in running:
        _stop_in_time(traffic)
    _until_nothing_is_left()


def test_traffic_with_a_duration_ends() -> None:
    """Traffic with a duration ends without error and without a stop."""
    traffic = start_traffic(WORLD.engine, _traffic(for_ns=SECOND_NS), _members())
    assert traffic._source.wait(15) == 0
    assert traffic.error() is None
    traffic.stop()


def test_a_killed_player_leaves_nothing() -> None:
    """Both ends stop when their input ends."""
    with subprocess.Popen([sys.executable, "-c", DEATH, LAB], stdout=subprocess.PIPE, text=True) as player:
        assert player.stdout
        assert player.stdout.readline() == "begun\n"
        assert len(_loaders()) > 2
        player.kill()
    _until_nothing_is_left()


def _stop_in_time(traffic: RunningTraffic) -> None:
    begin = time.monotonic()
    traffic.stop()
    assert time.monotonic() - begin < 5  # otherwise it would run for 30 s


def _until_nothing_is_left() -> None:
    deadline = time.monotonic() + 30
    while left := _loaders():
        assert time.monotonic() < deadline, left
        time.sleep(0.1)

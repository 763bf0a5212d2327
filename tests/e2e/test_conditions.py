"""Effects of `synthlab set` on packets between two real containers, counted at the receiver."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

import pytest

from .pair import Pair, pair_up

pytestmark = pytest.mark.docker

PACKETS = {4: 50_000, 6: 25_000}
PACE = 5_000
ROUND_TRIPS = 50
STRANGERS = 10  # the kernels' own packets, such as IPv6 multicast reports, that may be dropped too
PORT = 5000


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """One pair for all tests of this file; each test changes client2 and resets it."""
    with pair_up("e2e-conditions", tmp_path_factory.mktemp("stack"), "dual") as pair:
        yield pair


@pytest.mark.parametrize("family", PACKETS)
@pytest.mark.parametrize(("sender", "receiver"), [("client1", "client2"), ("client2", "client1")])
def test_loss_is_the_configured_share(pair: Pair, sender: str, receiver: str, family: int) -> None:
    """Of 50,000 UDP packets (25,000 over IPv6) 5 % are lost, within 5 standard errors, in each direction.

    Losses of a busy machine are counted under other causes, and every packet is accounted for.
    """
    packets = PACKETS[family]
    pair.set("--loss", "5%")
    before = pair.drops()
    sink = pair.traffic(receiver, "sink", PORT, 30).ready()
    pair.traffic(sender, "send", pair.address(receiver, family), PORT, packets, PACE, 100).result()
    received = sink.result()["received"]
    dropped = pair.drops() - before
    offered = packets - dropped["stalled"] - dropped["kernel"]
    assert 0 <= dropped.total() - (packets - received) <= STRANGERS
    assert offered > 0.5 * packets
    assert abs(1 - received / offered - 0.05) < 5 * math.sqrt(0.05 * 0.95 / offered)


@pytest.mark.parametrize(
    ("directions", "added_ms", "family"),
    [([], 160, 4), (["--ingress"], 80, 6), pytest.param(["--egress"], 80, 4, marks=pytest.mark.soak)],
)
def test_latency_is_added_in_each_direction(pair: Pair, directions: list[str], added_ms: int, family: int) -> None:
    """80 ms one way adds 80 ms to round trips, both ways 160 ms, within 1 ms.

    Compares lower quartiles, as a busy machine can only add to a round trip.
    """
    before = _quick_rtt(pair, family)
    pair.set(*directions, "--latency", "80ms")
    assert _quick_rtt(pair, family) - before == pytest.approx(added_ms, abs=1)


@pytest.mark.parametrize(
    ("protocol", "direction"),
    [
        ("udp", "egress"),
        ("tcp", "ingress"),
        pytest.param("udp", "ingress", marks=pytest.mark.soak),
        pytest.param("tcp", "egress", marks=pytest.mark.soak),
    ],
)
def test_rate_limits_bytes_of_frames(pair: Pair, direction: str, protocol: str) -> None:
    """A rate of 1 Mbit/s passes 1 Mbit/s of Ethernet frames over either protocol, within 3 % in the median of 10 s.

    A busy machine drops what it could not send in time, which spoils a second or two.
    """
    pair.set(f"--{direction}", "--rate", "1mbit")
    sender, receiver = ("client1", "client2") if direction == "ingress" else ("client2", "client1")
    source, target = pair.address(sender), pair.address(receiver)
    if protocol == "udp":
        sink = pair.traffic(receiver, "sink", PORT, 30).ready()
        sending = pair.traffic(sender, "send", target, PORT, 1500, 125, 1200)
    else:
        sink = pair.traffic(receiver, "serve", PORT, 30).ready()
        sending = pair.traffic(sender, "stream", target, PORT, 12)
    seen = pair.traffic(receiver, "capture", "synth0", source, 10).ready().result()
    sending.result()
    sink.result()
    rates = seen["rates_bps"]
    assert len(rates) >= 5, f"too few frames of {source} among {seen}"
    assert statistics.median(rates) == pytest.approx(1e6, rel=0.03)


def test_jitter_reorders_nothing(pair: Pair) -> None:
    """With 20 ms of jitter every packet that the machine does not drop arrives, in order."""
    pair.set("--jitter", "20ms")
    before = pair.late()
    sink = pair.traffic("client2", "sink", PORT, 30).ready()
    pair.traffic("client1", "send", pair.address("client2"), PORT, 10_000, 2_000, 100).result()
    arrived = sink.result()
    assert arrived["disorder"] == 0
    assert 10_000 - arrived["received"] <= pair.late() - before < 2_000
    assert arrived["delays_ms"][-1] > 15  # jitter was applied


def test_a_flow_is_lost_and_another_untouched(pair: Pair) -> None:
    """`--flow '*:udp' --loss 100%` stops UDP; TCP continues with no packet dropped."""
    pair.set("--flow", "*:udp", "--loss", "100%")
    sink = pair.traffic("client2", "sink", PORT, 3).ready()
    pair.traffic("client1", "send", pair.address("client2"), PORT, 1000, 1000, 100).result()
    assert sink.result()["received"] == 0
    server = pair.traffic("client2", "serve", PORT, 20).ready()
    pair.traffic("client1", "stream", pair.address("client2"), PORT, 2).result()
    assert server.result()["received"] > 1_000_000


def _quick_rtt(pair: Pair, family: int) -> float:
    """The lower quartile of round trips; all must be accounted for, as a busy machine may drop one."""
    before = pair.late()
    echo = pair.traffic("client2", "echo", PORT, 25).ready()
    rtts = pair.traffic("client1", "rtt", pair.address("client2", family), PORT, ROUND_TRIPS).result()["rtt_ms"]
    echo.result()
    assert ROUND_TRIPS - len(rtts) <= pair.late() - before
    return float(statistics.quantiles(rtts)[0])

"""Effects of `synthlab set` on packets between two real containers, counted at the receiver."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Iterator

import pytest

from .pair import Pair, pair_up

pytestmark = pytest.mark.docker

PACKETS, PACE = 25_000, 5_000
FAMILIES = (4, 6)
WAYS = {"ingress": ("client1", "client2"), "egress": ("client2", "client1")}
"""Sender and receiver of what passes each link of client2."""
ROUND_TRIPS = 50
STRANGERS = 10  # the kernels' own packets, such as IPv6 multicast reports, that may be dropped too
PORT = 5000


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """One pair for all tests of this file; each test changes client2 and resets it."""
    with pair_up("e2e-conditions", tmp_path_factory.mktemp("stack"), "dual") as pair:
        yield pair


def test_loss_is_the_configured_share(pair: Pair) -> None:
    """Of 50,000 UDP packets 5 % are lost in each direction, within 5 standard errors; half of them are IPv6's.

    Losses of a busy machine are counted under other causes, and every packet is accounted for.
    """
    pair.set("--loss", "5%")
    before = _drops(pair)
    received = _received(pair)
    after = _drops(pair)
    for direction in WAYS:
        dropped = after[direction] - before[direction]
        late = dropped["stalled"] + dropped["kernel"]
        lost = {family: PACKETS - received[direction, family] for family in FAMILIES}
        offered = len(FAMILIES) * PACKETS - late
        assert 0 <= dropped.total() - sum(lost.values()) <= STRANGERS
        assert offered > len(FAMILIES) * 0.5 * PACKETS
        assert abs((sum(lost.values()) - late) / offered - 0.05) < 5 * math.sqrt(0.05 * 0.95 / offered)
        for each in lost.values():
            assert -_five_errors(PACKETS) - late < each - 0.05 * PACKETS < _five_errors(PACKETS) + late


def test_latency_is_added_in_each_direction(pair: Pair) -> None:
    """80 ms of one direction are added to the time there, 50 ms of the other to the time back, each within 1 ms.

    Compares lower deciles, as a busy machine can only add to a time. Over both protocols.
    """
    before = _quick_times(pair)
    pair.set("--ingress", "--latency", "80ms")
    one = _quick_times(pair)
    pair.set("--egress", "--latency", "50ms")
    both = _quick_times(pair)
    for family in FAMILIES:
        there, back = before[family]
        assert one[family] == pytest.approx((there + 80, back), abs=1)
        assert both[family] == pytest.approx((there + 80, back + 50), abs=1)


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
    """A rate of 2 Mbit/s passes 2 Mbit/s of Ethernet frames over either protocol, within 3 % in the median of 5 s.

    A busy machine drops what it could not send in time, which spoils a few of the twelve parts.
    """
    pair.set(f"--{direction}", "--rate", "2mbit")
    sender, receiver = WAYS[direction]
    source, target = pair.address(sender), pair.address(receiver)
    if protocol == "udp":
        sink = pair.traffic(receiver, "sink", PORT).ready()
        sending = pair.traffic(sender, "send", target, PORT, 1500, 250, 1200)
    else:
        sink = pair.traffic(receiver, "serve", PORT, 30).ready()
        sending = pair.traffic(sender, "stream", target, PORT, 6)
    seen = pair.traffic(receiver, "capture", "synth0", source, 5).ready().result()
    sending.result()
    sink.result()
    rates = seen["rates_bps"]
    assert len(rates) >= 5, f"too few frames of {source} among {seen}"
    assert statistics.median(rates) == pytest.approx(2e6, rel=0.03)


def test_jitter_reorders_nothing(pair: Pair) -> None:
    """With 20 ms of jitter every packet that the machine does not drop arrives, in order."""
    pair.set("--jitter", "20ms")
    before = pair.late()
    sink = pair.traffic("client2", "sink", PORT).ready()
    pair.traffic("client1", "send", pair.address("client2"), PORT, 10_000, 4_000, 100).result()
    arrived = sink.result()
    assert arrived["disorder"] == 0
    assert 10_000 - arrived["received"] <= pair.late() - before < 2_000
    assert arrived["delays_ms"][-1] > 15  # jitter was applied


def test_a_flow_is_lost_and_another_untouched(pair: Pair) -> None:
    """`--flow '*:udp' --loss 100%` stops UDP; TCP continues with no packet dropped."""
    pair.set("--flow", "*:udp", "--loss", "100%")
    sink = pair.traffic("client2", "sink", PORT).ready()
    pair.traffic("client1", "send", pair.address("client2"), PORT, 1000, 1000, 100).result()
    assert sink.result()["received"] == 0
    server = pair.traffic("client2", "serve", PORT, 20).ready()
    pair.traffic("client1", "stream", pair.address("client2"), PORT, 2).result()
    assert server.result()["received"] > 1_000_000


def _drops(pair: Pair) -> dict[str, Counter[str]]:
    """Packets dropped so far, by cause, on the ways through each link of client2: there, and at client1."""
    states = pair.states("client1", "client2")
    ends = {"ingress": ("egress", "ingress"), "egress": ("ingress", "egress")}
    return {
        way: Counter(states["client1"]["links"][near]["dropped"]) + Counter(states["client2"]["links"][far]["dropped"])
        for way, (near, far) in ends.items()
    }


def _received(pair: Pair) -> dict[tuple[str, int], int]:
    """How many of `PACKETS` arrive in each direction over each protocol, all four at once."""
    sinks, senders = {}, []
    for port, (direction, family) in enumerate(itertools.product(WAYS, FAMILIES), PORT):
        sender, receiver = WAYS[direction]
        sinks[direction, family] = pair.traffic(receiver, "sink", port).ready()
        senders.append(pair.traffic(sender, "send", pair.address(receiver, family), port, PACKETS, PACE, 100))
    for sending in senders:
        sending.result()
    return {way: sink.result()["received"] for way, sink in sinks.items()}


def _five_errors(packets: int) -> float:
    """Five standard errors of the number of packets lost at 5 %."""
    return 5 * math.sqrt(0.05 * 0.95 * packets)


def _quick_times(pair: Pair) -> dict[int, tuple[float, float]]:
    """Lower deciles of the times to client2 and back, in ms, over each protocol, measured at once.

    All packets must be accounted for, as a busy machine may drop one.
    """
    before = pair.late()
    echo = pair.traffic("client2", "echo", PORT).ready()
    asking = {
        family: pair.traffic("client1", "rtt", pair.address("client2", family), PORT, ROUND_TRIPS)
        for family in FAMILIES
    }
    times = {family: asker.result() for family, asker in asking.items()}
    echo.result()
    missing = sum(ROUND_TRIPS - len(each["rtt_ms"]) for each in times.values())
    assert missing <= pair.late() - before
    return {
        family: (statistics.quantiles(each["there_ms"], n=10)[0], statistics.quantiles(each["back_ms"], n=10)[0])
        for family, each in times.items()
    }

"""Live traffic: exact counts by remote end and media, on a hand-moved clock."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address
from random import Random
from struct import pack
from typing import Any

import pytest

from syntheticnet.forwarder import traffic as traffic_module
from syntheticnet.forwarder.traffic import LINGER_NS, WINDOW_NS, LiveTraffic, Window
from syntheticnet.forwarder.traffic_rows import MOST_ROWS, traffic_rows
from syntheticnet.packets.packet import VNET, Conversation, Remote

from ..builders import (
    CLIENT,
    CLIENT6,
    MS,
    SERVER,
    SERVER6,
    TCP,
    UDP,
    frame,
    ipv4,
    ipv6,
    rtcp,
    rtp,
    tcp_frame,
    udp,
    udp_frame,
)
from .path import HOST, Path
from .test_direction import MALFORMED, SUPER_FRAME

ICMP = 1
MEDIA = {
    ("stun", None): pack("!HHI12x", 1, 0, 0x2112A442),
    ("dtls", None): bytes((22, 254, 253)) + bytes(10),
    ("turn-channel", None): pack("!HH", 0x4000, 4) + b"data",
    ("rtp", 96): rtp(96, 1),
    ("rtp", 111): rtp(111, 2),
    ("rtcp", None): rtcp(201, 1),
    (None, None): b"payload",
}


def media_frame(payload: bytes, port: int = 20004) -> bytes:
    return frame(ipv4(CLIENT, SERVER, UDP, udp(5000, port, payload)))


MIX = [
    *map(media_frame, MEDIA.values()),
    frame(ipv6(CLIENT6, SERVER6, UDP, udp(5000, 20006, rtp(96, 3)))),
    tcp_frame(CLIENT, SERVER, 40000, 443),
    tcp_frame(CLIENT, SERVER, 40001, 443),
    udp_frame(CLIENT, SERVER, 5000, 53),
    frame(ipv4(CLIENT, SERVER, ICMP, bytes(1200))),
    SUPER_FRAME,
]


def rows_of(window: Window | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = traffic_rows({"egress": window})["egress"]
    return rows


def to(address: str = SERVER, protocol: int = TCP, port: int | None = 443) -> Conversation:
    return Conversation("link", "default", remote=Remote(ip_address(address).packed, protocol, port))


def watched() -> LiveTraffic:
    made = LiveTraffic()
    assert made.watch(0) is None
    return made


def test_unwatched_there_is_nothing(path: Path) -> None:
    """Packets of all kinds pass and are dropped, and no key is stored."""
    path.configure(egress={"loss": "50%"})
    path.admit(*MIX * 10, MALFORMED)
    path.sent(0)
    path.configure()
    path.admit(*MIX, stamp=MS)
    path.sent(MS)
    traffic = path.pipeline.traffic
    assert (traffic.watched, traffic._current, traffic._full) == (False, {}, {})


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"egress": {"loss": "30%", "duplicate": "20%", "latency": "20ms", "jitter": "15ms"}},
        {"egress": {"rate": "3mbit", "queue": "20p"}},
        {"egress": {"mtu": "800b"}, "flows": {"*:rtp,pt=96": {"egress": {"loss": "40%"}}}},
        {"egress": {"latency": "10ms"}, "flows": {"*:tcp": {"egress": {"reject": "reset"}}}},
    ],
)
def test_rows_add_up_to_the_links_counters(path: Path, conditions: dict[str, Any]) -> None:
    """Packets, bytes, drops by cause and total delay of a mix of traffic are those of the link, flow by flow."""
    path.configure(seed=3, **conditions)
    path.pipeline.traffic.watch(0)
    random = Random(1)
    for turn in range(400):
        now = turn * MS
        path.admit(*random.choices(MIX, k=5), stamp=now)
        path.sent(now)
    path.admit(MALFORMED, stamp=401 * MS)
    path.admit(media_frame(rtp(96, 1)), stamp=402 * MS, now=900 * MS)  # stalled
    for now in range(402, 998):
        path.sent(now * MS)
    window = path.pipeline.traffic.watch(WINDOW_NS)
    assert window
    rows = rows_of(window)
    for flow, counters in path.pipeline.link.flow_counters.items():
        own = [row for row in rows if row["flow"] == flow]
        assert sum(row["packets_s"] for row in own) == counters.packets_out
        assert sum(row["bits_s"] for row in own) == counters.bytes_out * 8
        dropped = sum((Counter(row["dropped_s"]) for row in own), Counter[str]())
        assert dropped == counters.dropped
        delays = [delay for bucket in counters._buckets for delay in bucket.delays.kept]
        assert sum(each.delay for key, each in window.items() if key and key[1] == flow) == sum(delays)
    assert path.total.queued == 0
    assert path.total.dropped["stalled"] == 1


def test_kinds_of_media(path: Path) -> None:
    """Each kind and RTP payload type has its row, with the remote end; local ports make no difference."""
    path.pipeline.traffic.watch(0)
    path.admit(*MIX, *map(media_frame, MEDIA.values()))
    path.sent(0)
    rows = rows_of(path.pipeline.traffic.watch(WINDOW_NS))
    ends = {
        (row["remote"], row["protocol"], row["port"], row["media"], row["payload_type"]): row["packets_s"]
        for row in rows
    }
    expected: dict[tuple[Any, ...], float] = {
        **{(SERVER, "udp", 20004, kind, payload_type): 2.0 for kind, payload_type in MEDIA},
        (SERVER6, "udp", 20006, "rtp", 96): 1.0,
        (SERVER, "tcp", 443, None, None): 3.0,
        (SERVER, "udp", 53, None, None): 1.0,
        (SERVER, "icmp", None, None, None): 1.0,
    }
    assert ends == expected


def test_what_is_no_conversations_has_no_row(path: Path) -> None:
    """Neither ARP nor control traffic has one, nor what a control port refused to a stranger."""
    path.pipeline.traffic.watch(0)
    arp = MIX[0][: VNET + 12] + b"\x08\x06" + bytes(28)
    path.admit(arp, tcp_frame(CLIENT, HOST, 80, 40000), tcp_frame(CLIENT, SERVER, 80, 40000))
    path.sent(0)
    assert path.total.dropped == {"closed": 1}
    assert path.pipeline.traffic.watch(WINDOW_NS) == {}


def test_fragments_count_as_their_first(path: Path) -> None:
    """A later fragment has the media of its first one, also when another packet has its identification by then."""
    path.configure(egress={"latency": "10ms"})
    path.pipeline.traffic.watch(0)
    datagram = udp(5000, 20004, rtp(96, 1) + bytes(40))
    first = frame(ipv4(CLIENT, SERVER, UDP, datagram[:24], identification=7, fragment=0x2000))
    later = frame(ipv4(CLIENT, SERVER, UDP, datagram[24:], identification=7, fragment=3))
    path.admit(first, later)
    path.sent(10 * MS)
    (row,) = rows_of(path.pipeline.traffic.watch(WINDOW_NS))
    assert (row["media"], row["payload_type"], row["packets_s"]) == ("rtp", 96, 2.0)


def test_what_the_kernel_refuses_is_dropped(path: Path) -> None:
    """With the cause `send`, as in the link's counters."""
    path.pipeline.traffic.watch(0)
    path._wire.close()
    path.admit(*MIX[:2])
    path.pipeline.release(0)
    rows = rows_of(path.pipeline.traffic.watch(WINDOW_NS))
    assert [(row["packets_s"], row["dropped_s"], row["delay_ms"]) for row in rows] == [(0.0, {"send": 1.0}, None)] * 2


def test_a_row_follows_its_packets_flow(path: Path) -> None:
    """Packets that wait while their flow is made leave as that flow's."""
    path.configure(egress={"latency": "10ms"})
    path.pipeline.traffic.watch(0)
    path.admit(MIX[0])
    path.pipeline.release(0)
    path.configure(now=MS, egress={"latency": "10ms"}, flows={"*:stun": {"egress": {"latency": "20ms"}}})
    path.sent(20 * MS)
    assert [row["flow"] for row in rows_of(path.pipeline.traffic.watch(WINDOW_NS))] == ["*:stun"]


def test_edges_of_windows() -> None:
    """A packet counts in the second that it left in: from its first nanosecond to its last."""
    traffic = watched()
    for now in (0, WINDOW_NS - 1, WINDOW_NS, 2 * WINDOW_NS - 1, 2 * WINDOW_NS):
        traffic.left([(to(), "default", b"", 100, 5)], now)
    assert [row["packets_s"] for row in rows_of(traffic.watch(2 * WINDOW_NS))] == [2.0]
    assert [row["packets_s"] for row in rows_of(traffic.watch(3 * WINDOW_NS - 1))] == [2.0]
    assert [row["packets_s"] for row in rows_of(traffic.watch(3 * WINDOW_NS))] == [1.0]
    assert traffic.watch(4 * WINDOW_NS) == {}


def test_only_full_windows_are_shown() -> None:
    """Nothing before the first second is over; a second without packets is an empty window, not an old one."""
    traffic = watched()
    traffic.left([(to(), "default", b"", 100, 5)], 10)
    assert traffic.watch(WINDOW_NS - 1) == {}
    assert rows_of(traffic.watch(WINDOW_NS)) != []
    traffic.left([(to(), "default", b"", 100, 5)], 3 * WINDOW_NS)
    assert traffic.watch(3 * WINDOW_NS) == {}


def test_counting_stops_when_nobody_looks() -> None:
    """Some seconds after the last look; the next look begins anew."""
    traffic = watched()
    traffic.watch(WINDOW_NS)
    for now in (LINGER_NS, LINGER_NS + WINDOW_NS):
        assert traffic.watched
        traffic.left([(to(), "default", b"", 100, 5)], now)
    assert (traffic.watched, traffic._current, traffic._full) == (False, {}, {})
    assert traffic.watch(LINGER_NS + 2 * WINDOW_NS) is None
    assert traffic.watch(3 * LINGER_NS) is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys beyond the limit are counted together; known ones still by themselves."""
    monkeypatch.setattr(traffic_module, "MOST_KEYS", 300)
    traffic = watched()
    ends = [to(port=port) for port in range(1000)]
    for _ in range(2):
        traffic.left([(end, "default", b"", 100, 0) for end in ends], 0)
    traffic.dropped(ends[-1], "default", b"", 100, "loss", 0)
    window = traffic.watch(WINDOW_NS)
    assert window is not None
    assert len(window) == 301
    answer = traffic_rows({"egress": window})
    assert [row["packets_s"] for row in answer["egress"]] == [2.0] * MOST_ROWS
    assert answer["rest"]["egress"] == {"rows": 101, "packets_s": 1600.0, "bits_s": 1600 * 800.0}


def test_the_busiest_rows_are_shown() -> None:
    """By the bytes that came, whether they left or were dropped."""
    traffic = watched()
    for port in range(MOST_ROWS + 5):
        traffic.left([(to(port=port), "default", b"", 10 + port, 2 * MS)], 0)
    traffic.dropped(to(port=7000), "default", b"", 10_000, "loss", 0)
    answer = traffic_rows({"ingress": {}, "egress": traffic.watch(WINDOW_NS)})
    shown = answer["egress"]
    assert [row["port"] for row in shown] == [7000, *range(MOST_ROWS + 4, 5, -1)]
    assert shown[0] == {
        "remote": SERVER,
        "protocol": "tcp",
        "port": 7000,
        "media": None,
        "payload_type": None,
        "packets_s": 0.0,
        "bits_s": 0.0,
        "dropped_s": {"loss": 1.0},
        "delay_ms": None,
        "flow": "default",
    }
    assert (shown[1]["bits_s"], shown[1]["delay_ms"]) == (8.0 * (10 + MOST_ROWS + 4), 2.0)
    assert answer["rest"]["egress"] == {"rows": 6, "packets_s": 6.0, "bits_s": 8.0 * sum(range(10, 16))}
    assert (answer["ingress"], answer["rest"]["ingress"]["rows"], answer["watching"]) == ([], 0, True)
    assert not traffic_rows({"ingress": None, "egress": None})["watching"]

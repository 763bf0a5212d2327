"""A million corrupted frames and vnet headers against parser and chain: no exception, no hang, all counted."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from random import Random
from typing import Any

import pytest

from syntheticnet.conditions import Conditions, FileContent, condition_fields
from syntheticnet.conditions.files import Files
from syntheticnet.forwarder.classifier import ControlAccess
from syntheticnet.forwarder.direction import Pipeline
from syntheticnet.forwarder.in_force import InForce
from syntheticnet.forwarder.port import BATCH
from syntheticnet.packets.packet import VNET

from .builders import (
    CLIENT,
    CLIENT6,
    SERVER,
    SERVER6,
    SYN,
    frame,
    ipv4,
    ipv6,
    requested,
    tcp,
    tcp_frame,
    udp,
    udp_frame,
    vnet,
)

MILLION = 1_000_000
GAP_NS = 20_000
HOST = "10.9.0.254"
TEXTS: dict[str, FileContent] = {
    "lte.up": b"0\n1\n1\n5\n9\n",
    "wifi.dist": b"# one\n-8192 0 8192\n",
    "wifi.delay": b"0 20\n50 40\n90 5\n",
}
# These would leave nothing for the elements behind them.
WHOLE = ("outage", "reject")
# Of values that exclude each other, the second half uses these.
LATER = ("rate_trace", "jitter_table", "delay_trace", "loss_correlation", "loss_gemodel")
FLOWS = {
    "*:rtcp": {"ingress": {"loss": "50%"}},
    "*:rtp,pt=96": {"egress": {"latency": "3ms"}},
    "*:tcp:443": {"ingress": {"reject": "reset"}, "egress": {"reject": "reset"}},
    "*:icmp": {"egress": {"reject": "host-unreachable"}},
    "[fd09::2]:udp": {"egress": {"reject": "admin-prohibited"}},
}


class Sockets:
    """A port without a kernel: takes what is written to it."""

    def __init__(self) -> None:
        self.oversized = self.unreadable = self.written = 0

    def fileno(self) -> int:
        return -1

    def write(self, buffers: list[bytes]) -> list[int]:
        self.written += len(buffers)
        return []


class Line:
    """Both pipelines of a client, fed by hand; the answers of one enter the other."""

    def __init__(self) -> None:
        control = ControlAccess(frozenset({ip_address(HOST).packed}), frozenset({80}))
        self.files = Files(TEXTS)
        ports: list[Any] = [Sockets(), Sockets()]
        self.pipelines = (
            Pipeline("ingress", ports[0], ports[1], control, self.files),
            Pipeline("egress", ports[1], ports[0], control, self.files),
        )
        self.now = 10**9
        self.fed = 0

    def configure(self, values: dict[str, Any]) -> None:
        flows = FLOWS | {"10.9.0.2:udp:6000": {"egress": values}}
        requested = Conditions.from_dict({"ingress": values, "egress": values, "flows": flows, "seed": 1})
        for pipeline in self.pipelines:
            pipeline.configure(InForce(requested), self.now)

    def feed(self, buffers: list[bytes]) -> None:
        self.fed += len(buffers)
        stamps = range(self.now, self.now + GAP_NS * len(buffers), GAP_NS)
        self.now += GAP_NS * len(buffers)
        pipeline = self.pipelines[self.fed // BATCH % 2]
        pipeline.admit(list(zip(buffers, stamps, strict=True)), self.now, 0)
        for one, other in (self.pipelines, self.pipelines[::-1]):
            one.release(self.now)
            if one.answers:
                other.admit_answers(one.answers, self.now)
                one.answers = []

    def check(self) -> None:
        for pipeline in self.pipelines:
            assert pipeline.link.total.queued == len(pipeline.link)

    def causes(self) -> set[str]:
        return {cause for pipeline in self.pipelines for cause in pipeline.link.total.dropped}

    def counted(self) -> int:
        """Frames that entered a link or bypassed it."""
        return sum(
            pipeline.link.total.packets_in + pipeline.report(self.now)["bypassed"] for pipeline in self.pipelines
        )


def every_value(later: bool) -> dict[str, str]:
    """All effects at once, as their examples show them."""
    examples = {item.metadata["name"]: item for item in condition_fields()}
    excluded = {examples[name].metadata["excludes"] for name in LATER}
    out = excluded if later else set(LATER)
    chosen = {name: item.metadata["example"] for name, item in examples.items() if name not in {*out, *WHOLE}}
    kept: dict[str, str] = requested(**chosen).effective().to_dict() | {"mtu": "1000b", "mtu_answer": "true"}
    return kept | ({"rate": "20mbit", "queue": "20kb"} if "rate" in kept else {})


def good_frames() -> list[bytes]:
    """One frame of each kind the parser knows, as a base for corruption."""
    rtp = b"\x80\x60" + bytes(10)
    payloads = [rtp, b"\x80\xc8" + bytes(30), b"\x00\x01" + bytes(18), b"\x16\xfe\xff" + bytes(20), b"\x40\x00\x00\x04"]
    media = [frame(ipv4(CLIENT, SERVER, 17, udp(5000, 6000, payload))) for payload in payloads]
    options = ipv4(CLIENT, SERVER, 6, tcp(1, 443, bytes(40), flags=SYN, options=bytes(8)))
    long_header = frame(b"\x48" + options[1:20] + bytes(12) + options[20:])
    fragments = [frame(ipv4(CLIENT, SERVER, 17, udp(1, 2, bytes(40)), 7, part)) for part in (0x2000, 0x2005, 5)]
    chain = b"\x2b\x00" + bytes(6) + b"\x3c\x00" + bytes(6) + b"\x2c\x00" + bytes(6) + b"\x11\x00\x00\x01" + bytes(4)
    extended = [frame(ipv6(CLIENT6, SERVER6, kind, chain + udp(1, 2, bytes(40)))) for kind in (0, 60, 51, 135)]
    control = [tcp_frame(CLIENT, HOST, 80, 9), tcp_frame(CLIENT, SERVER, 80, 9)]
    plain = [udp_frame(CLIENT6, SERVER6, 1, 6000), tcp_frame(CLIENT6, SERVER6, 1, 443), udp_frame(CLIENT, SERVER, 1, 2)]
    checked = frame(ipv4(CLIENT, SERVER, 17, udp(1, 2, bytes(1200))), vnet(1, 0, 0, 34, 6))
    arp = udp_frame(CLIENT, SERVER, 1, 2)[: VNET + 12] + b"\x08\x06" + bytes(28)
    pings = [frame(ipv4(CLIENT, SERVER, 1, bytes(30))), frame(ipv6(CLIENT6, SERVER6, 58, b"\x80" + bytes(30)))]
    return [*media, long_header, *fragments, *extended, *control, *plain, checked, arp, *pings]


def super_frames() -> list[bytes]:
    """Frames to be cut: TSO of both versions, and UDP GSO."""
    four = frame(ipv4(CLIENT, SERVER, 6, tcp(1, 443, bytes(3000))), vnet(1, 1, 1000, 34, 16))
    six = frame(ipv6(CLIENT6, SERVER6, 6, tcp(1, 443, bytes(3000))), vnet(1, 4, 1000, 54, 16))
    datagrams = frame(ipv4(CLIENT, SERVER, 17, udp(1, 6000, bytes(3000))), vnet(1, 5, 1000, 34, 6))
    return [four, six, datagrams]


def spoilt(rng: Random, templates: list[bytes], lie: bool) -> Iterator[bytes]:
    """Frames cut off anywhere, with some bytes of their headers at random, and invalid vnet headers if asked for."""
    bits = rng.getrandbits
    while True:
        dice = bits(32)
        spoiled = bytearray(templates[dice % len(templates)])
        for _ in range(dice >> 8 & 3):
            place = bits(7)
            if VNET <= place < len(spoiled):
                spoiled[place] = bits(8)
        if dice >> 10 & 7 == 0:
            del spoiled[VNET + 2 + bits(7) :]
        if lie and dice >> 13 & 3 == 0:
            spoiled[bits(4) % VNET] = bits(8)
        yield bytes(spoiled)


@pytest.mark.parametrize("later", [False, True])
def test_frames_that_are_cut_off_or_scrambled(later: bool) -> None:
    """Each of half a million frames is counted exactly once."""
    line, frames = Line(), spoilt(Random(1), good_frames(), lie=False)
    line.configure(every_value(later))
    for n in range(MILLION // 4 // BATCH + 1):
        line.feed([next(frames) for _ in range(BATCH)])
        if n % 500 == 0:
            line.check()
    line.check()
    assert line.counted() == line.fed
    assert line.causes() >= {"reject", "mtu", "queue", "loss", "closed"}
    assert all(pipeline.link.total.packets_out > 1000 and pipeline.link.total.duplicated for pipeline in line.pipelines)


@pytest.mark.parametrize("later", [False, True])
def test_vnet_headers_that_lie(later: bool) -> None:
    """Each of half a million is cut, or counted as malformed; with live changes on the way."""
    line, frames = Line(), spoilt(Random(2), super_frames() + good_frames(), lie=True)
    for n in range(MILLION // 4 // BATCH + 1):
        if n % 500 == 0:
            line.configure(every_value(later) if n % 1000 else {"loss": "1%", "latency": "1ms"})
            line.check()
        line.feed([next(frames) for _ in range(BATCH)])
    line.check()
    assert line.counted() >= line.fed
    assert all(pipeline.link.total.dropped["malformed"] > 1000 for pipeline in line.pipelines)

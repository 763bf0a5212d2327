"""Header parsing, which no frame from a neighbour can make fail."""

from __future__ import annotations

from ipaddress import ip_address
from struct import pack

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syntheticnet.packets.headers import Header, parse
from syntheticnet.packets.media import NONE
from syntheticnet.packets.packet import IP

from ..builders import (
    CLIENT,
    CLIENT6,
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

C4, S4, C6, S6 = (ip_address(text).packed for text in (CLIENT, SERVER, CLIENT6, SERVER6))
PORTS = udp(5000, 6000, b"\xff")
MORE_FRAGMENTS, LATER_FRAGMENT = 0x2000, 0x0010


@pytest.mark.parametrize(
    ("buffer", "header"),
    [
        (udp_frame(CLIENT, SERVER, 5000, 6000), Header(C4, S4, UDP, 5000, 6000)),
        (tcp_frame(CLIENT6, SERVER6, 5000, 443), Header(C6, S6, TCP, 5000, 443)),
        (frame(ipv4(CLIENT, SERVER, 1, bytes(8))), Header(C4, S4, 1, None, None)),
        (frame(ipv4(CLIENT, SERVER, 132, PORTS)), Header(C4, S4, 132, 5000, 6000)),
        (frame(ipv4(CLIENT, SERVER, UDP, b"\x13\x88")), Header(C4, S4, UDP, None, None)),
        (frame(ipv6(CLIENT6, SERVER6, 58, b"\x80" + bytes(7))), Header(C6, S6, 58, None, None)),
    ],
)
def test_reads_addresses_protocol_and_ports(buffer: bytes, header: Header) -> None:
    """Ports are read if the protocol and the fragment have them."""
    assert parse(buffer) == header


def test_reads_past_ipv4_options() -> None:
    """Options before the ports do not hide them."""
    plain = ipv4(CLIENT, SERVER, UDP, bytes(4) + PORTS)
    assert parse(frame(b"\x46" + plain[1:])) == Header(C4, S4, UDP, 5000, 6000)


@pytest.mark.parametrize(
    ("first", "extension", "header"),
    [
        (0, pack("!BB6x", UDP, 0) + PORTS, Header(C6, S6, UDP, 5000, 6000)),
        (60, pack("!BB14x", UDP, 1) + PORTS, Header(C6, S6, UDP, 5000, 6000)),
        (0, pack("!BB6x", 43, 0) + pack("!BB6x", UDP, 0) + PORTS, Header(C6, S6, UDP, 5000, 6000)),
        (44, pack("!BBHI", UDP, 0, 0, 9) + PORTS, Header(C6, S6, UDP, 5000, 6000)),
        (51, pack("!BB14x", UDP, 2) + PORTS, Header(C6, S6, UDP, 5000, 6000)),
        (135, pack("!BB14x", UDP, 1) + PORTS, Header(C6, S6, UDP, 5000, 6000)),
        (139, pack("!BB6x", 140, 0) + pack("!BB6x", UDP, 0) + PORTS, Header(C6, S6, UDP, 5000, 6000)),
        (50, pack("!BB6x", UDP, 0) + PORTS, Header(C6, S6, 50, None, None)),
        (59, PORTS, Header(C6, S6, 59, None, None)),
        (0, pack("!BB6x", UDP, 9) + PORTS, Header(C6, S6, UDP, None, None)),
        (0, pack("!BB", UDP, 0), Header(C6, S6, 0, None, None)),
    ],
)
def test_reads_past_ipv6_extension_headers(first: int, extension: bytes, header: Header) -> None:
    """All headers of known length are skipped, up to the end of the packet."""
    assert parse(frame(ipv6(CLIENT6, SERVER6, first, extension))) == header


def test_reads_the_media_of_udp() -> None:
    """Of whole packets of either version, with options and extension headers; not of TCP."""
    media = udp(5000, 6000, rtp(96, 7))
    plain = ipv4(CLIENT, SERVER, UDP, bytes(4) + media)
    packets = [b"\x46" + plain[1:], ipv6(CLIENT6, SERVER6, 0, pack("!BB6x", UDP, 0) + media)]
    assert [header.media for ip in packets if (header := parse(frame(ip)))] == [("rtp", 96, 7)] * 2
    stream = parse(frame(ipv4(CLIENT, SERVER, TCP, media)))
    assert stream is not None
    assert stream.media == NONE


def test_fragments_of_an_ipv4_packet_have_addresses_protocol_and_identification_in_common() -> None:
    """A first fragment has ports and media, a later one neither."""
    first = parse(frame(ipv4(CLIENT, SERVER, UDP, udp(5000, 6000, rtcp(201, 7)), 0x0102, MORE_FRAGMENTS)))
    later = parse(frame(ipv4(CLIENT, SERVER, UDP, PORTS, 0x0102, LATER_FRAGMENT)))
    common = C4 + S4 + bytes([UDP, 1, 2])
    assert first == Header(C4, S4, UDP, 5000, 6000, ("rtcp", None, 7), common)
    assert later == Header(C4, S4, UDP, None, None, NONE, common, later=True)


def test_fragments_of_an_ipv6_packet_have_addresses_and_identification_in_common() -> None:
    """The key has no protocol: a later fragment names only the extension header its first one began with."""
    options = pack("!BB6x", UDP, 0)
    first = parse(frame(ipv6(CLIENT6, SERVER6, 44, pack("!BBHI", 60, 0, 1, 9) + options + PORTS)))
    later = parse(frame(ipv6(CLIENT6, SERVER6, 44, pack("!BBHI", 60, 0, 8, 9) + PORTS)))
    common = C6 + S6 + pack("!I", 9)
    assert first == Header(C6, S6, UDP, 5000, 6000, NONE, common)
    assert later == Header(C6, S6, 60, None, None, NONE, common, later=True)


@pytest.mark.parametrize("kind", [133, 134, 135, 136, 137])
def test_neighbour_discovery_is_not_conditioned(kind: int) -> None:
    """Solicitations, advertisements and redirects have no header to classify by."""
    assert parse(frame(ipv6(CLIENT6, SERVER6, 58, bytes([kind]) + bytes(23)))) is None


def test_arp_and_other_ethertypes_are_not_conditioned() -> None:
    """Only IP packets belong to flows."""
    arp = bytearray(udp_frame(CLIENT, SERVER, 1, 2))
    arp[IP - 2 : IP] = b"\x08\x06"
    assert parse(bytes(arp)) is None


_START = st.sampled_from(
    [
        udp_frame(CLIENT, SERVER, 1, 2),
        udp_frame(CLIENT6, SERVER6, 1, 2),
        frame(ipv6(CLIENT6, SERVER6, 0, pack("!BB6x", 0, 255))),
        frame(ipv6(CLIENT6, SERVER6, 44, pack("!BB6x", 44, 0))),
        frame(ipv6(CLIENT6, SERVER6, 51, pack("!BB6x", 0, 0) + pack("!BB6x", 44, 0))),
        frame(ipv4(CLIENT, SERVER, UDP, udp(1, 2, rtp(96, 1)))),
        frame(ipv6(CLIENT6, SERVER6, 58, b"")),
    ]
)


@given(_START, st.integers(0, 100), st.binary(max_size=80))
@example(udp_frame(CLIENT, SERVER, 1, 2), IP + 1, b"")
@settings(max_examples=500)
def test_never_raises(start: bytes, kept: int, rest: bytes) -> None:
    """Truncated frames with any tail parse or return None; they never raise."""
    header = parse(start[:kept] + rest)
    assert header is None or len(header.source) in (4, 16)

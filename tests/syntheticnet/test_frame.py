"""Frame: what is read from headers, and that nothing a neighbour sends can make it fail."""

from __future__ import annotations

from ipaddress import ip_address
from struct import pack

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syntheticnet.frame import Header, parse
from syntheticnet.packet import IP

from .builders import CLIENT, CLIENT6, SERVER, SERVER6, TCP, UDP, frame, ipv4, ipv6, tcp_frame, udp, udp_frame

C4, S4, C6, S6 = (ip_address(text).packed for text in (CLIENT, SERVER, CLIENT6, SERVER6))
PORTS = udp(5000, 6000, b"x")
MORE_FRAGMENTS, LATER_FRAGMENT = 0x2000, 0x0010


@pytest.mark.parametrize(
    ("buffer", "header"),
    [
        (udp_frame(CLIENT, SERVER, 5000, 6000), Header(C4, S4, UDP, 5000, 6000)),
        (tcp_frame(CLIENT6, SERVER6, 5000, 443), Header(C6, S6, TCP, 5000, 443)),
        (frame(ipv4(CLIENT, SERVER, 1, bytes(8))), Header(C4, S4, 1, None, None)),
        (frame(ipv4(CLIENT, SERVER, 132, PORTS)), Header(C4, S4, 132, 5000, 6000)),
        (frame(ipv4(CLIENT, SERVER, UDP, PORTS, fragment=MORE_FRAGMENTS)), Header(C4, S4, UDP, 5000, 6000)),
        (frame(ipv4(CLIENT, SERVER, UDP, PORTS, fragment=LATER_FRAGMENT)), Header(C4, S4, UDP, None, None)),
        (frame(ipv4(CLIENT, SERVER, UDP, b"\x13\x88")), Header(C4, S4, UDP, None, None)),
        (frame(ipv6(CLIENT6, SERVER6, 58, b"\x80" + bytes(7))), Header(C6, S6, 58, None, None)),
    ],
)
def test_reads_addresses_protocol_and_ports(buffer: bytes, header: Header) -> None:
    """Ports are read where the protocol has them and the fragment shows them."""
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
        (44, pack("!BBHI", UDP, 0, 1, 9) + PORTS, Header(C6, S6, UDP, 5000, 6000)),
        (44, pack("!BBHI", UDP, 0, 8, 9) + PORTS, Header(C6, S6, UDP, None, None)),
    ],
)
def test_reads_past_ipv6_extension_headers(first: int, extension: bytes, header: Header) -> None:
    """Hop-by-hop, routing, destination and fragment headers lead on to the transport header."""
    assert parse(frame(ipv6(CLIENT6, SERVER6, first, extension))) == header


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
        frame(ipv6(CLIENT6, SERVER6, 58, b"")),
    ]
)


@given(_START, st.integers(0, 100), st.binary(max_size=80))
@example(udp_frame(CLIENT, SERVER, 1, 2), IP + 1, b"")
@settings(max_examples=500)
def test_never_raises(start: bytes, kept: int, rest: bytes) -> None:
    """Frames cut off anywhere and followed by anything are read or refused, never an error."""
    header = parse(start[:kept] + rest)
    assert header is None or len(header.source) in (4, 16)

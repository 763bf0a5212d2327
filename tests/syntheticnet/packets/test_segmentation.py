"""Segmentation: super-frames cut into the frames a wire would have carried."""

from __future__ import annotations

from ipaddress import ip_address
from struct import error as StructError
from struct import pack, unpack_from

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syntheticnet.packets.packet import IP, VNET
from syntheticnet.packets.segmentation import (
    GSO_ECN,
    GSO_NONE,
    GSO_TCPV4,
    GSO_TCPV6,
    GSO_UDP_L4,
    NEEDS_CSUM,
    Malformed,
    cut,
)

from ..builders import (
    ACK,
    CLIENT,
    CLIENT6,
    CWR,
    FIN,
    PSH,
    SERVER,
    SERVER6,
    TCP,
    UDP,
    checksum,
    frame,
    ipv4,
    ipv6,
    tcp,
    udp,
    vnet,
)

ETHERNET = 14
TIMESTAMPS = b"\x01\x01\x08\x0a" + bytes(8)
SEQUENCE = 0xFFFFFF00  # wraps around within the first segment
IDENTIFICATION = 0xFFFE


def payload_of(size: int) -> bytes:
    return bytes((n * 7 + n // 256) % 256 for n in range(size))


def tso(version: int, size: int, mss: int, flags: int = ACK, options: bytes = TIMESTAMPS) -> bytes:
    """A TCP super-frame with `size` bytes of payload."""
    segment = tcp(5000, 443, payload_of(size), SEQUENCE, flags, options)
    if version == 4:
        header = vnet(NEEDS_CSUM, GSO_TCPV4 | (GSO_ECN if flags & CWR else 0), mss, ETHERNET + 20, 16)
        return frame(ipv4(CLIENT, SERVER, TCP, segment, IDENTIFICATION), header)
    return frame(ipv6(CLIENT6, SERVER6, TCP, segment), vnet(NEEDS_CSUM, GSO_TCPV6, mss, ETHERNET + 40, 16))


def udp_gso(version: int, size: int, gso_size: int) -> bytes:
    """A UDP super-frame with `size` bytes of payload."""
    datagram = udp(5000, 443, payload_of(size))
    if version == 4:
        header = vnet(NEEDS_CSUM, GSO_UDP_L4, gso_size, ETHERNET + 20, 6)
        return frame(ipv4(CLIENT, SERVER, UDP, datagram, IDENTIFICATION), header)
    return frame(ipv6(CLIENT6, SERVER6, UDP, datagram), vnet(NEEDS_CSUM, GSO_UDP_L4, gso_size, ETHERNET + 40, 6))


def transport(part: bytes) -> int:
    """The position of a segment's transport header, from its vnet header."""
    flags, kind, header_length, size, start, _ = unpack_from("<BBHHHH", part)
    assert (flags, kind, header_length, size) == (NEEDS_CSUM, GSO_NONE, 0, 0)
    return int(start) + VNET


def completed(part: bytes) -> bytes:
    """The frame as the kernel hands it on: the checksum field gets the sum from the transport header on."""
    start, field = transport(part), transport(part) + int(unpack_from("<H", part, 8)[0])
    return part[VNET:field] + pack("!H", checksum(part[start:])) + part[field + 2 :]


def assert_checksums_right(part: bytes, protocol: int) -> None:
    """Verify both checksums as a receiver does: the sum including the pseudo-header is 0."""
    whole, ip = completed(part), ETHERNET
    body = whole[transport(part) - VNET :]
    if whole[ip] >> 4 == 4:
        assert checksum(whole[ip : ip + 20]) == 0
        pseudo = whole[ip + 12 : ip + 20] + pack("!BBH", 0, protocol, len(body))
    else:
        pseudo = whole[ip + 8 : ip + 40] + pack("!II", len(body), protocol)
    assert checksum(pseudo + body) == 0


def assert_lengths_right(part: bytes) -> None:
    ip = part[IP:]
    if ip[0] >> 4 == 4:
        assert unpack_from("!H", ip, 2) == (len(ip),)
    else:
        assert unpack_from("!H", ip, 4) == (len(ip) - 40,)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(("size", "mss"), [(64_000, 1448), (2896, 1448), (2897, 1448), (1, 1448), (1000, 7)])
def test_tcp_segments_carry_the_same_stream(version: int, size: int, mss: int) -> None:
    """Sequence numbers and payloads join to the same bytes, and all lengths and checksums are right."""
    parts = cut(tso(version, size, mss))
    stream = b""
    for part in parts:
        start = transport(part)
        assert unpack_from("!I", part, start + 4) == ((SEQUENCE + len(stream)) % 2**32,)
        header = (part[start + 12] >> 4) * 4
        assert part[start + 20 : start + header] == TIMESTAMPS
        stream += part[start + header :]
        assert_lengths_right(part)
        assert_checksums_right(part, TCP)
    assert stream == payload_of(size)
    assert len(parts) == -(-size // mss)


@pytest.mark.parametrize("version", [4, 6])
def test_tcp_flags_stand_where_they_belong(version: int) -> None:
    """CWR on the first segment only, FIN and PSH on the last only, ACK on all."""
    parts = cut(tso(version, 3000, 1000, ACK | PSH | FIN | CWR))
    assert [part[transport(part) + 13] for part in parts] == [ACK | CWR, ACK, ACK | PSH | FIN]


@pytest.mark.parametrize("super_frame", [tso(4, 3000, 1000), udp_gso(4, 3000, 1000)])
def test_ipv4_identification_counts_up(super_frame: bytes) -> None:
    """Each segment has the next identification, modulo 2^16."""
    assert [unpack_from("!H", part, IP + 4)[0] for part in cut(super_frame)] == [0xFFFE, 0xFFFF, 0]


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(("size", "gso_size"), [(60_000, 1200), (1200, 1200), (1201, 1200), (5, 2)])
def test_udp_segments_are_the_datagrams(version: int, size: int, gso_size: int) -> None:
    """Each datagram has its part of the payload, its own length, and right checksums."""
    parts = cut(udp_gso(version, size, gso_size))
    bodies = []
    for part in parts:
        start = transport(part)
        assert unpack_from("!HHH", part, start) == (5000, 443, len(part) - start)
        bodies.append(part[start + 8 :])
        assert_lengths_right(part)
        assert_checksums_right(part, UDP)
    assert bodies == [payload_of(size)[at : at + gso_size] for at in range(0, size, gso_size)]


def test_headers_before_the_transport_stay() -> None:
    """Ethernet and the addresses of IP are those of the super-frame."""
    whole = tso(6, 5000, 1448)
    for part in cut(whole):
        assert part[VNET:IP] == whole[VNET:IP]
        assert part[IP + 8 : IP + 40] == ip_address(CLIENT6).packed + ip_address(SERVER6).packed


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (vnet(1, 3, 1448, 34, 16), "gso type 3, size 1448, transport header at 44"),
        (vnet(1, GSO_TCPV4, 0, 34, 16), "gso type 1, size 0, transport header at 44"),
        (vnet(1, GSO_TCPV4, 1448, 33, 16), "gso type 1, size 1448, transport header at 43"),
        (vnet(1, GSO_TCPV4, 1448, 60_000, 16), "no room for a transport header at 60010"),
    ],
)
def test_refuses_a_vnet_header_that_does_not_fit(header: bytes, line: str) -> None:
    """The vnet header must not point outside the frame."""
    with pytest.raises(Malformed, match=f"^{line}$"):
        cut(header + tso(4, 3000, 1448)[VNET:])


@pytest.mark.parametrize(
    ("kept", "line"), [(50, "no room for a transport header at 44"), (66, "no payload behind the transport header")]
)
def test_refuses_a_frame_without_payload(kept: int, line: str) -> None:
    """A super-frame needs a complete transport header and a payload."""
    with pytest.raises(Malformed, match=f"^{line}$"):
        cut(tso(4, 3000, 1448)[: VNET + kept])


_SUPER_FRAMES = st.sampled_from([tso(4, 3000, 1448), tso(6, 3000, 1448), udp_gso(4, 3000, 1200), udp_gso(6, 99, 20)])


@given(_SUPER_FRAMES, st.integers(VNET, 3200), st.dictionaries(st.integers(0, 90), st.integers(0, 255), max_size=6))
@example(tso(4, 3000, 1448), VNET, {})
@settings(max_examples=500)
def test_anything_else_is_cut_or_malformed(whole: bytes, kept: int, changes: dict[int, int]) -> None:
    """A header changed anywhere in any way gives frames of the same payload, or Malformed or struct.error."""
    buffer = bytearray(whole[:kept])
    for at, value in changes.items():
        if at < len(buffer):
            buffer[at] = value
    try:
        parts = cut(bytes(buffer))
    except (Malformed, StructError):
        return
    if len(parts) == 1:
        assert len(parts[0]) == len(buffer)
        return
    header = (sum(map(len, parts)) - len(buffer)) // (len(parts) - 1)
    assert b"".join(part[header:] for part in parts) == buffer[header:]

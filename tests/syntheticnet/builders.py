"""Builders of packets, frames and conditions shared by the tests."""

from __future__ import annotations

import re
from ipaddress import ip_address
from random import Random
from struct import pack
from typing import Any

from syntheticnet.conditions import LinkConditions
from syntheticnet.conditions.files import Files
from syntheticnet.elements import ElementContext
from syntheticnet.forwarder.per_flow import DEFAULT
from syntheticnet.packets.counters import FlowCounters
from syntheticnet.packets.packet import VNET, Conversation, Packet

MS = 1_000_000
SECOND = 10**9

TCP, UDP = 6, 17
FIN, SYN, PSH, ACK, CWR = 0x01, 0x02, 0x08, 0x10, 0x80

CLIENT, SERVER = "10.9.0.1", "10.9.0.2"
CLIENT6, SERVER6 = "fd09::1", "fd09::2"


class Sink:
    """A drop sink that records packets with their causes."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.causes: list[str] = []

    def __call__(self, packet: Packet, cause: str) -> None:
        self.packets.append(packet)
        self.causes.append(cause)


class Bench:
    """An element's context that records drops in `dropped` and copies in `copied`."""

    def __init__(self, seed: object = 7, files: Files | None = None) -> None:
        self.dropped = Sink()
        self.copied: list[Packet] = []
        self.context = ElementContext(Random(str(seed)), self.dropped, self._duplicate, files or Files())

    def _duplicate(self, packet: Packet) -> Packet:
        self.copied.append(packet.copy())
        return self.copied[-1]


def exactly(line: str) -> str:
    """A pattern that matches exactly `line`."""
    return rf"\A{re.escape(line)}\Z"


def requested(**written: Any) -> LinkConditions:
    """Link conditions from written values."""
    return LinkConditions.from_dict(written)


def packet(size: int = 1000, time: int = 0, flow: str = DEFAULT) -> Packet:
    """A packet of `size` bytes of frame."""
    made = Packet(bytes(VNET + size), time, Conversation("link", flow))
    made.counters = FlowCounters()
    return made


def carrying(buffer: bytes, time: int = 0) -> Packet:
    """A packet of the frame in `buffer`."""
    made = Packet(buffer, time, Conversation("link", DEFAULT))
    made.counters = FlowCounters()
    return made


def packets(count: int, size: int = 1000, time: int = 0, gap: int = 0, flow: str = DEFAULT) -> list[Packet]:
    """`count` packets, the first at `time`, and `gap` from each to the next."""
    return [packet(size, time + n * gap, flow) for n in range(count)]


def times(packets: list[Packet]) -> list[int]:
    return [packet.time for packet in packets]


def vnet(flags: int = 0, kind: int = 0, size: int = 0, start: int = 0, offset: int = 0) -> bytes:
    """A virtio_net_hdr."""
    return pack("<BBHHHH", flags, kind, 0, size, start, offset)


def frame(ip: bytes, header: bytes = vnet()) -> bytes:
    """The buffer of a frame that carries the IP packet `ip`."""
    kind = b"\x86\xdd" if ip[:1] and ip[0] >> 4 == 6 else b"\x08\x00"
    return header + b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01" + kind + ip


def ipv4(
    source: str, destination: str, protocol: int, payload: bytes, identification: int = 0, fragment: int = 0
) -> bytes:
    """An IPv4 packet with a right header checksum."""
    length = 20 + len(payload)
    start = pack("!BBHHHBB", 0x45, 0, length, identification, fragment, 64, protocol)
    addresses = ip_address(source).packed + ip_address(destination).packed
    return start + pack("!H", checksum(start + bytes(2) + addresses)) + addresses + payload


def ipv6(source: str, destination: str, protocol: int, payload: bytes) -> bytes:
    start = pack("!IHBB", 6 << 28, len(payload), protocol, 64)
    return start + ip_address(source).packed + ip_address(destination).packed + payload


def udp(source: int, destination: int, payload: bytes = b"") -> bytes:
    """A UDP datagram without a checksum."""
    return pack("!HHHH", source, destination, 8 + len(payload), 0) + payload


def tcp(
    source: int, destination: int, payload: bytes = b"", sequence: int = 0, flags: int = ACK, options: bytes = b""
) -> bytes:
    """A TCP segment without a checksum; `options` are a multiple of 4 bytes."""
    offset = (5 + len(options) // 4) << 4
    return pack("!HHIIBBHHH", source, destination, sequence, 1, offset, flags, 1000, 0, 0) + options + payload


def rtp(payload_type: int, ssrc: int, marker: bool = False) -> bytes:
    """An RTP packet (RFC 3550) with some payload."""
    return pack("!BBHII", 0x80, marker << 7 | payload_type, 1, 2, ssrc) + b"media"


def rtcp(kind: int, ssrc: int) -> bytes:
    """An RTCP packet of 8 bytes: a receiver report (201) without blocks, or the like."""
    return pack("!BBHI", 0x80, kind, 1, ssrc)


def udp_frame(source: str, destination: str, source_port: int, destination_port: int) -> bytes:
    """A small UDP frame of either version of IP."""
    make = ipv6 if ":" in source else ipv4
    return frame(make(source, destination, UDP, udp(source_port, destination_port, b"payload")))


def tcp_frame(source: str, destination: str, source_port: int, destination_port: int) -> bytes:
    """A small TCP frame of either version of IP."""
    make = ipv6 if ":" in source else ipv4
    return frame(make(source, destination, TCP, tcp(source_port, destination_port, b"payload")))


def checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071), the slow and plain way."""
    total = sum(int.from_bytes(octets[at : at + 2].ljust(2, b"\0"), "big") for at in range(0, len(octets), 2))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return 0xFFFF - total

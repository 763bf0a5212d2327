"""The parts of an IP packet that an answer needs: addresses, protocol and payload position."""

from __future__ import annotations

from dataclasses import dataclass
from struct import pack

from .checksum import NO_VNET, checksum
from .packet import ETHERTYPE, IP, VNET

ICMP, TCP, ICMPV6 = 1, 6, 58
HOPS = 64

_HOP_BY_HOP, _ROUTING, _FRAGMENT, _DESTINATION = 0, 43, 44, 60
_ETHERTYPES = {b"\x08\x00": 4, b"\x86\xdd": 6}


@dataclass(frozen=True, slots=True)
class Datagram:
    """`start` and `end` delimit the payload behind the last IP header in the buffer.

    `first` is false for later fragments, whose payload has no transport header.
    """

    version: int
    source: bytes
    destination: bytes
    protocol: int
    first: bool
    start: int
    end: int


def read(buffer: bytes) -> Datagram | None:
    """The IP packet in a frame; None if there is none, or its headers are truncated."""
    version = _ETHERTYPES.get(buffer[ETHERTYPE:IP])
    if version is None or len(buffer) < IP + (20 if version == 4 else 40) or buffer[IP] >> 4 != version:
        return None
    datagram = _read_ipv4(buffer) if version == 4 else _read_ipv6(buffer)
    return datagram if IP + 20 <= datagram.start <= datagram.end else None


def reply(buffer: bytes, to: Datagram, protocol: int, payload: bytes) -> bytes:
    """The buffer of a packet back to the sender of `to`; the caller has already put the checksum into `payload`."""
    ethernet = buffer[VNET + 6 : VNET + 12] + buffer[VNET : VNET + 6] + buffer[ETHERTYPE:IP]
    if to.version == 6:
        header = pack("!IHBB", 6 << 28, len(payload), protocol, HOPS) + to.destination + to.source
    else:
        addresses = to.destination + to.source
        header = pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, HOPS, protocol, 0)
        header = header[:10] + checksum(header + addresses).to_bytes(2, "big") + addresses
    return NO_VNET + ethernet + header + payload


def pseudo_header(answered: Datagram, protocol: int, length: int) -> bytes:
    """The pseudo-header that a TCP or ICMPv6 checksum covers (RFC 9293 3.1, RFC 8200 8.1), for an answer."""
    return answered.destination + answered.source + pack("!II", length, protocol)


def _read_ipv4(buffer: bytes) -> Datagram:
    start = IP + (buffer[IP] & 15) * 4
    end = min(len(buffer), IP + int.from_bytes(buffer[IP + 2 : IP + 4], "big"))
    first = not (buffer[IP + 6] & 0x1F or buffer[IP + 7])
    return Datagram(4, buffer[IP + 12 : IP + 16], buffer[IP + 16 : IP + 20], buffer[IP + 9], first, start, end)


def _read_ipv6(buffer: bytes) -> Datagram:
    protocol, start, first = buffer[IP + 6], IP + 40, True
    end = min(len(buffer), start + int.from_bytes(buffer[IP + 4 : IP + 6], "big"))
    while first and protocol in (_HOP_BY_HOP, _ROUTING, _FRAGMENT, _DESTINATION) and start + 8 <= end:
        if protocol == _FRAGMENT:
            first = not (buffer[start + 2] or buffer[start + 3] & 0xF8)
            protocol, start = buffer[start], start + 8
        else:
            protocol, start = buffer[start], start + 8 + buffer[start + 1] * 8
    return Datagram(6, buffer[IP + 8 : IP + 24], buffer[IP + 24 : IP + 40], protocol, first, start, end)

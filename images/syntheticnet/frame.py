"""What a frame says of itself: whom it is for, which protocol and ports, and whether it may be conditioned at all."""

from __future__ import annotations

from dataclasses import dataclass

from .packet import ETHERTYPE, IP

IPV4 = b"\x08\x00"
IPV6 = b"\x86\xdd"
ICMPV6 = 58
NEIGHBOUR_DISCOVERY = range(133, 138)  # RFC 4861: router and neighbour solicitations, advertisements, redirect

_HOP_BY_HOP, _ROUTING, _FRAGMENT, _DESTINATION = 0, 43, 44, 60
_WITH_PORTS = frozenset({6, 17, 132, 136})
_PORTS_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Header:
    """The addresses (4 or 16 bytes), protocol and ports of an IP packet; ports are None where it shows none."""

    source: bytes
    destination: bytes
    protocol: int
    source_port: int | None
    destination_port: int | None


def parse(buffer: bytes) -> Header | None:
    """The header of an IP packet; None for anything else, a truncated one, ARP or neighbour discovery."""
    kind = buffer[ETHERTYPE:IP]
    if kind == IPV4:
        return _parse_ipv4(buffer)
    if kind == IPV6:
        return _parse_ipv6(buffer)
    return None


def _parse_ipv4(buffer: bytes) -> Header | None:
    if len(buffer) < IP + 20 or buffer[IP] >> 4 != 4 or buffer[IP] & 15 < 5:
        return None
    payload = IP + (buffer[IP] & 15) * 4
    first = not (buffer[IP + 6] & 0x1F or buffer[IP + 7])
    ports = _ports(buffer, payload, buffer[IP + 9]) if first else (None, None)
    return Header(buffer[IP + 12 : IP + 16], buffer[IP + 16 : IP + 20], buffer[IP + 9], *ports)


def _parse_ipv6(buffer: bytes) -> Header | None:
    if len(buffer) < IP + 40 or buffer[IP] >> 4 != 6:
        return None
    protocol, payload, first = _walk(buffer, buffer[IP + 6], IP + 40)
    if protocol == ICMPV6 and first and payload < len(buffer) and buffer[payload] in NEIGHBOUR_DISCOVERY:
        return None
    ports = _ports(buffer, payload, protocol) if first else (None, None)
    return Header(buffer[IP + 8 : IP + 24], buffer[IP + 24 : IP + 40], protocol, *ports)


def _walk(buffer: bytes, protocol: int, offset: int) -> tuple[int, int, bool]:
    """Past IPv6 extension headers (RFC 8200): protocol, where its header is, whether this is no later fragment."""
    while protocol in (_HOP_BY_HOP, _ROUTING, _FRAGMENT, _DESTINATION) and offset + 8 <= len(buffer):
        if protocol == _FRAGMENT:
            if buffer[offset + 2] or buffer[offset + 3] & 0xF8:
                return buffer[offset], offset + 8, False
            protocol, offset = buffer[offset], offset + 8
        else:
            protocol, offset = buffer[offset], offset + 8 + buffer[offset + 1] * 8
    return protocol, offset, True


def _ports(buffer: bytes, offset: int, protocol: int) -> tuple[int | None, int | None]:
    if protocol not in _WITH_PORTS or len(buffer) < offset + _PORTS_LENGTH:
        return None, None
    return int.from_bytes(buffer[offset : offset + 2]), int.from_bytes(buffer[offset + 2 : offset + 4])

"""Parses a frame's IP header: addresses, protocol, ports, fragment and media."""

from __future__ import annotations

from typing import NamedTuple

from .media import NONE, MediaHeader, media_of
from .packet import ETHERTYPE, IP

IPV4 = b"\x08\x00"
IPV6 = b"\x86\xdd"
TCP, UDP, ICMPV6 = 6, 17, 58
NEIGHBOUR_DISCOVERY = range(133, 138)  # RFC 4861: router and neighbour solicitations, advertisements, redirect

_FRAGMENT, _AUTHENTICATION = 44, 51
# IPv6 headers with a length field in units of 8 octets beyond the first 8 (RFC 6564): hop-by-hop, routing,
# destination, mobility, host identity, shim6. Not ESP (50): what follows it is encrypted.
_EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})
_WITH_PORTS = frozenset({TCP, UDP, 132, 136})


class Header(NamedTuple):
    """The addresses (4 or 16 bytes), protocol, ports and media of an IP packet; None if absent.

    `fragment` is a key shared by all fragments of one packet; None for unfragmented packets. `later` is true for
    fragments after the first, which have no ports.
    """

    source: bytes
    destination: bytes
    protocol: int
    source_port: int | None
    destination_port: int | None
    media: MediaHeader = NONE
    fragment: bytes | None = None
    later: bool = False


def parse(buffer: bytes) -> Header | None:
    """The header of an IP packet; None for truncated ones, ARP, neighbour discovery and anything else."""
    kind = buffer[ETHERTYPE:IP]
    if kind == IPV4:
        return _parse_ipv4(buffer)
    if kind == IPV6:
        return _parse_ipv6(buffer)
    return None


def _parse_ipv4(buffer: bytes) -> Header | None:
    if len(buffer) < IP + 20 or buffer[IP] >> 4 != 4 or buffer[IP] & 15 < 5:
        return None
    fragment, later = None, bool(buffer[IP + 6] & 0x1F or buffer[IP + 7])
    if later or buffer[IP + 6] & 0x20:  # RFC 791: fragments share addresses, protocol and identification
        fragment = buffer[IP + 12 : IP + 20] + buffer[IP + 9 : IP + 10] + buffer[IP + 4 : IP + 6]
    payload = IP + (buffer[IP] & 15) * 4
    return _header(buffer, buffer[IP + 12 : IP + 20], buffer[IP + 9], payload, fragment, later)


def _parse_ipv6(buffer: bytes) -> Header | None:
    if len(buffer) < IP + 40 or buffer[IP] >> 4 != 6:
        return None
    addresses = buffer[IP + 8 : IP + 40]
    protocol, payload, identification, later = _walk(buffer)
    if protocol == ICMPV6 and not later and payload < len(buffer) and buffer[payload] in NEIGHBOUR_DISCOVERY:
        return None
    fragment = None if identification is None else addresses + identification  # RFC 8200: the protocol may differ
    return _header(buffer, addresses, protocol, payload, fragment, later)


def _walk(buffer: bytes) -> tuple[int, int, bytes | None, bool]:
    """Skip IPv6 extension headers (RFC 8200).

    Returns the protocol, the position of its header, the fragment identification, and whether it is a later fragment.
    """
    protocol, at, identification = buffer[IP + 6], IP + 40, None
    while at + 8 <= len(buffer):
        length = 8
        if protocol == _FRAGMENT:
            if buffer[at + 2] or buffer[at + 3] & 0xF9:  # otherwise an atomic fragment: the complete packet (RFC 6946)
                identification = buffer[at + 4 : at + 8]
            if buffer[at + 2] or buffer[at + 3] & 0xF8:
                return buffer[at], at + 8, identification, True
        elif protocol in _EXTENSIONS:
            length += buffer[at + 1] * 8
        elif protocol == _AUTHENTICATION:  # RFC 4302
            length += buffer[at + 1] * 4
        else:
            break
        protocol, at = buffer[at], at + length
    return protocol, at, identification, False


def _header(buffer: bytes, addresses: bytes, protocol: int, at: int, fragment: bytes | None, later: bool) -> Header:
    """The header of a packet with its transport header at `at`."""
    ports: tuple[int | None, int | None] = (None, None)
    media = NONE
    if not later and protocol in _WITH_PORTS and len(buffer) >= at + 4:
        ports = int.from_bytes(buffer[at : at + 2]), int.from_bytes(buffer[at + 2 : at + 4])
        if protocol == UDP:
            media = media_of(buffer, at + 8)
    half = len(addresses) // 2
    return Header(addresses[:half], addresses[half:], protocol, *ports, media, fragment, later)

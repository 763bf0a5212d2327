"""Answers to rejected packets, as a host or router sends them: TCP resets and ICMP errors."""

from __future__ import annotations

from struct import pack, unpack_from

from .checksum import checksum, completed
from .datagram import ICMP, ICMPV6, TCP, Datagram, pseudo_header, read, reply
from .packet import IP, VNET

# Type and code of ICMP (RFC 792, RFC 1812 5.2.7.1) and of ICMPv6 (RFC 4443 3.1).
UNREACHABLE = {
    "port-unreachable": ((3, 3), (1, 4)),
    "host-unreachable": ((3, 1), (1, 3)),
    "admin-prohibited": ((3, 13), (1, 1)),
}
TOO_BIG = ((3, 4), (2, 0))
"""Fragmentation needed (RFC 1191) and packet too big (RFC 4443 3.2)."""

# Longest ICMP error, including the quoted packet (RFC 1812 4.3.2.3, RFC 4443 2.4).
MOST_IPV4, MOST_IPV6 = 576, 1280

_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16
# Unreachable, source quench, redirect, time exceeded, parameter problem (RFC 1122 3.2.2).
_ICMP_ERRORS = frozenset({3, 4, 5, 11, 12})
_ICMPV6_REDIRECT = 137

ReplyKind = tuple[tuple[int, int], tuple[int, int]]


def refusal(buffer: bytes, how: str) -> bytes | None:
    """The answer to a packet rejected in the manner `how`; None if it must not be answered."""
    refused = answerable(buffer)
    if refused is None:
        return None
    if how != "reset":
        return icmp_error(buffer, refused, UNREACHABLE[how])
    if refused.protocol == TCP:
        return tcp_reset(buffer, refused)
    return icmp_error(buffer, refused, UNREACHABLE["port-unreachable"])


def too_big(buffer: bytes, mtu: int) -> bytes | None:
    """The answer to a packet longer than `mtu`; None if it must not be answered."""
    refused = answerable(buffer)
    return None if refused is None else icmp_error(buffer, refused, TOO_BIG, mtu)


def answerable(buffer: bytes) -> Datagram | None:
    """The IP packet in the frame, or None if it must not be answered.

    Not answered: multicast and broadcast in either direction (RFC 1122 3.2.2, RFC 4443 2.4), later fragments, and ICMP
    errors and TCP resets, which could otherwise bounce for ever.
    """
    datagram = read(buffer)
    if datagram is None or not datagram.first or buffer[VNET] & 1:
        return None
    if not (_is_one_host(datagram.destination) and _is_one_host(datagram.source)):
        return None
    kind = buffer[datagram.start] if datagram.start < datagram.end else 0
    if datagram.protocol == ICMP and kind in _ICMP_ERRORS:
        return None
    if datagram.protocol == ICMPV6 and (kind < 128 or kind == _ICMPV6_REDIRECT):
        return None
    if datagram.protocol == TCP and (datagram.end - datagram.start < 20 or buffer[datagram.start + 13] & _RST):
        return None
    return datagram


def tcp_reset(buffer: bytes, refused: Datagram) -> bytes:
    """The reset a closed port sends (RFC 9293 3.10.7.1)."""
    at = refused.start
    source, destination, sequence, acknowledged, offset, flags = unpack_from("!HHIIBB", buffer, at)
    if flags & _ACK:
        own, seen, bits = acknowledged, 0, _RST
    else:
        length = refused.end - at - (offset >> 4) * 4 + bool(flags & _SYN) + bool(flags & _FIN)
        own, seen, bits = 0, (sequence + length) & 0xFFFFFFFF, _RST | _ACK
    segment = pack("!HHIIBBHHH", destination, source, own, seen, 5 << 4, bits, 0, 0, 0)
    check = checksum(pseudo_header(refused, TCP, len(segment)) + segment)
    return reply(buffer, refused, TCP, segment[:16] + check.to_bytes(2, "big") + segment[18:])


def icmp_error(buffer: bytes, refused: Datagram, kind: ReplyKind, mtu: int = 0) -> bytes:
    """An ICMP or ICMPv6 error that quotes as much of the packet as allowed."""
    quoted = completed(buffer)[IP : refused.end]
    if refused.version == 4:
        message = pack("!BBHHH", *kind[0], 0, 0, mtu) + quoted[: MOST_IPV4 - 28]
        check = checksum(message)
        protocol = ICMP
    else:
        message = pack("!BBHI", *kind[1], 0, mtu) + quoted[: MOST_IPV6 - 48]
        check = checksum(pseudo_header(refused, ICMPV6, len(message)) + message)
        protocol = ICMPV6
    return reply(buffer, refused, protocol, message[:2] + check.to_bytes(2, "big") + message[4:])


def _is_one_host(address: bytes) -> bool:
    """Whether the address is a single host's: not unspecified, multicast, broadcast or (IPv4) reserved."""
    if len(address) == 16:
        return address[0] != 0xFF and any(address)
    return 0 < address[0] < 224

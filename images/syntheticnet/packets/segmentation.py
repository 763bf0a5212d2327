"""Cuts a super-frame (TSO or UDP GSO) into wire-size frames.

Each segment gets a partial checksum (the folded sum of its pseudo-header, RFC 1071), which the kernel completes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from struct import Struct, pack, unpack_from

from .packet import IP, VNET

# virtio_net_hdr: u8 flags, u8 gso_type, le16 hdr_len, le16 gso_size, le16 csum_start, le16 csum_offset
NEEDS_CSUM = 1
GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_UDP_L4 = 0, 1, 4, 5
GSO_ECN = 0x80

_CWR, _PSH, _FIN = 0x80, 0x08, 0x01
_TCP_CHECKSUM, _UDP_CHECKSUM = 16, 6

HeaderBuilder = Callable[[int, int], bytes]
"""Builds a segment's header from its index and the length behind the IP header."""


class Malformed(ValueError):
    """The vnet header does not match the frame."""


def cut(buffer: bytes) -> list[bytes]:
    """The wire-size frames of a super-frame, each with its own vnet header; raises Malformed."""
    tcp, l4, size = _shape(buffer)
    start = l4 + (max(20, (buffer[l4 + 12] >> 4) * 4) if tcp else 8)
    if start >= len(buffer):
        raise Malformed("no payload behind the transport header")
    front = pack("<BBHHHH", NEEDS_CSUM, GSO_NONE, 0, 0, l4 - VNET, _TCP_CHECKSUM if tcp else _UDP_CHECKSUM)
    front += buffer[VNET:IP]
    ip = _ipv6(buffer, l4) if buffer[IP] >> 4 == 6 else _ipv4(buffer, l4)
    count = (len(buffer) - start + size - 1) // size
    transport = _tcp(buffer, l4, start, size, count) if tcp else _udp(buffer, l4)
    whole, view, join = start - l4 + size, memoryview(buffer), b"".join
    frames = [
        join((front, ip(n, whole), transport(n, whole), view[start + n * size : start + n * size + size]))
        for n in range(count - 1)
    ]
    rest = start + (count - 1) * size
    length = len(buffer) - rest + start - l4
    frames.append(join((front, ip(count - 1, length), transport(count - 1, length), view[rest:])))
    return frames


def _shape(buffer: bytes) -> tuple[bool, int, int]:
    """Whether it is TCP, the position of the transport header, and the payload bytes per segment."""
    kind = buffer[1] & ~GSO_ECN
    size, l4 = unpack_from("<HH", buffer, 4)
    l4 += VNET
    tcp = kind != GSO_UDP_L4
    if len(buffer) < max(l4, IP + 20) + (20 if tcp else 8):
        raise Malformed(f"no room for a transport header at {l4}")
    fits = l4 >= IP + 40 if buffer[IP] >> 4 == 6 else l4 == IP + (buffer[IP] & 15) * 4 >= IP + 20
    if kind not in (GSO_TCPV4, GSO_TCPV6, GSO_UDP_L4) or not size or not fits:
        raise Malformed(f"gso type {kind}, size {size}, transport header at {l4}")
    return tcp, l4, size


def _ipv4(buffer: bytes, l4: int) -> HeaderBuilder:
    """Length, identification and header checksum differ per segment."""
    (identification,) = unpack_from("!H", buffer, IP + 4)
    start, middle, end = buffer[IP : IP + 2], buffer[IP + 6 : IP + 10], buffer[IP + 12 : l4]
    constant = sum(unpack_from(f"!{(l4 - IP) // 2}H", start + bytes(4) + middle + bytes(2) + end))
    write, header = _struct(f"!2sHH4sH{l4 - IP - 12}s").pack, l4 - IP

    def make(index: int, length: int) -> bytes:
        total, own = header + length, (identification + index) & 0xFFFF
        return write(start, total, own, middle, ~_folded(constant + total + own) & 0xFFFF, end)

    return make


def _ipv6(buffer: bytes, l4: int) -> HeaderBuilder:
    start, end, extensions = buffer[IP : IP + 4], buffer[IP + 6 : l4], l4 - IP - 40
    write = _struct(f"!4sH{l4 - IP - 6}s").pack
    return lambda index, length: write(start, extensions + length, end)


def _tcp(buffer: bytes, l4: int, end: int, size: int, count: int) -> HeaderBuilder:
    """CWR is set on the first segment only, FIN and PSH on the last only."""
    ports, sequence, middle, flags, window = unpack_from("!4sI5sB2s", buffer, l4)
    rest, pseudo = buffer[l4 + 18 : end], _pseudo_sum(buffer, 6)
    write = _struct(f"!4sI5sB2sH{len(rest)}s").pack

    def make(index: int, length: int) -> bytes:
        own = flags & ~(_CWR if index else 0) & ~(0 if index == count - 1 else _FIN | _PSH)
        return write(ports, (sequence + index * size) & 0xFFFFFFFF, middle, own, window, _folded(pseudo + length), rest)

    return make


def _udp(buffer: bytes, l4: int) -> HeaderBuilder:
    ports, pseudo = buffer[l4 : l4 + 4], _pseudo_sum(buffer, 17)
    return lambda index, length: pack("!4sHH", ports, length, _folded(pseudo + length))


def _pseudo_sum(buffer: bytes, protocol: int) -> int:
    """The pseudo-header sum without the length."""
    addresses = unpack_from("!16H", buffer, IP + 8) if buffer[IP] >> 4 == 6 else unpack_from("!4H", buffer, IP + 12)
    return int(sum(addresses)) + protocol


def _folded(total: int) -> int:
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@lru_cache(64)
def _struct(layout: str) -> Struct:
    return Struct(layout)

"""Ecn: marks a packet "congestion experienced" (RFC 3168) if its endpoints support ECN."""

from __future__ import annotations

from ..packets.checksum import mended
from ..packets.packet import ETHERTYPE, IP

_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"


def marked(buffer: bytes) -> bytes | None:
    """The buffer with CE set; None for a packet that is not ECN-capable."""
    kind = buffer[ETHERTYPE:IP]
    if kind == _IPV4 and len(buffer) >= IP + 20:
        return _marked_ipv4(buffer)
    if kind == _IPV6 and len(buffer) >= IP + 40:
        flow = buffer[IP + 1]
        if flow & 0x30:
            return buffer[: IP + 1] + bytes((flow | 0x30,)) + buffer[IP + 2 :]
    return None


def _marked_ipv4(buffer: bytes) -> bytes | None:
    service = buffer[IP + 1]
    if not service & 3:
        return None
    old = int.from_bytes(buffer[IP : IP + 2], "big")
    check = mended(int.from_bytes(buffer[IP + 10 : IP + 12], "big"), old, old | 3)
    start, middle, end = buffer[: IP + 1], buffer[IP + 2 : IP + 10], buffer[IP + 12 :]
    return b"".join((start, bytes((service | 3,)), middle, check.to_bytes(2, "big"), end))

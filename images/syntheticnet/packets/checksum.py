"""The Internet checksum (RFC 1071): reckoned, completed where the kernel left it to us, and mended after a change."""

from __future__ import annotations

from struct import unpack_from

from .packet import VNET

NO_VNET = bytes(VNET)
NEEDS_CSUM = 1


def internet_sum(octets: bytes) -> int:
    """The ones' complement sum of 16-bit words, an odd octet filled up with zero.

    2^16 is 1 modulo 2^16 - 1, so the sum of the words is the whole number modulo that; only a sum of 0 means no bits.
    """
    total = int.from_bytes(octets, "big") << (8 * (len(octets) & 1))
    return total % 0xFFFF or (0xFFFF if total else 0)


def checksum(octets: bytes) -> int:
    return 0xFFFF - internet_sum(octets)


def mended(check: int, old: int, new: int) -> int:
    """The checksum `check` once a word it covers went from `old` to `new` (RFC 1624, equation 3)."""
    total = (0xFFFF - check) + (0xFFFF - old) + new
    total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - ((total & 0xFFFF) + (total >> 16))


def completed(buffer: bytes) -> bytes:
    """The buffer with nothing left to do for a device: a partial checksum is made whole, the vnet header zeroed.

    Where the kernel asks for a checksum (NEEDS_CSUM), the field holds the sum of the pseudo-header. A sum that comes
    out as 0 is written as 0xffff, since in UDP 0 says that there is none (RFC 768).
    """
    if not buffer[0] & NEEDS_CSUM:
        return NO_VNET + buffer[VNET:]
    start, offset = unpack_from("<HH", buffer, 6)
    at = VNET + start + offset
    if at + 2 > len(buffer):
        return NO_VNET + buffer[VNET:]
    check = checksum(buffer[VNET + start :]) or 0xFFFF
    return NO_VNET + buffer[VNET:at] + check.to_bytes(2, "big") + buffer[at + 2 :]

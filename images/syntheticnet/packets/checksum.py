"""The Internet checksum (RFC 1071): compute it, complete a partial one, update it after a change."""

from __future__ import annotations

from struct import unpack_from

from .packet import VNET

NO_VNET = bytes(VNET)
NEEDS_CSUM = 1


def internet_sum(octets: bytes) -> int:
    """The ones' complement sum of 16-bit words; an odd last octet is padded with zero.

    2^16 is 1 modulo 2^16 - 1, so the sum of the words equals the octets as one big number modulo 2^16 - 1. Only
    all-zero octets sum to 0.
    """
    total = int.from_bytes(octets, "big") << (8 * (len(octets) & 1))
    return total % 0xFFFF or (0xFFFF if total else 0)


def checksum(octets: bytes) -> int:
    return 0xFFFF - internet_sum(octets)


def mended(check: int, old: int, new: int) -> int:
    """Update `check` for a covered word that changed from `old` to `new` (RFC 1624, equation 3)."""
    total = (0xFFFF - check) + (0xFFFF - old) + new
    total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - ((total & 0xFFFF) + (total >> 16))


def completed(buffer: bytes) -> bytes:
    """The buffer with its partial checksum completed and its vnet header zeroed: nothing is left to offload.

    With NEEDS_CSUM the checksum field holds the sum of the pseudo-header. A result of 0 is written as 0xffff, because
    in UDP 0 means "no checksum" (RFC 768).
    """
    if not buffer[0] & NEEDS_CSUM:
        return NO_VNET + buffer[VNET:]
    start, offset = unpack_from("<HH", buffer, 6)
    at = VNET + start + offset
    if at + 2 > len(buffer):
        return NO_VNET + buffer[VNET:]
    check = checksum(buffer[VNET + start :]) or 0xFFFF
    return NO_VNET + buffer[VNET:at] + check.to_bytes(2, "big") + buffer[at + 2 :]

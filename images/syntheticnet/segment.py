"""Cuts a super-frame (TSO or UDP GSO) into the frames that a wire would carry.

Each segment gets a partial checksum (the folded sum of its pseudo-header, RFC 1071), which the kernel completes.
"""

from __future__ import annotations

from struct import pack_into, unpack_from

from .packet import IP, VNET

# virtio_net_hdr: u8 flags, u8 gso_type, le16 hdr_len, le16 gso_size, le16 csum_start, le16 csum_offset
NEEDS_CSUM = 1
GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_UDP_L4 = 0, 1, 4, 5
GSO_ECN = 0x80

_CWR, _PSH, _FIN = 0x80, 0x08, 0x01
_TCP_FLAGS = 13
_TCP_CHECKSUM, _UDP_CHECKSUM = 16, 6


class Malformed(ValueError):
    """A vnet header that does not fit its frame."""


def is_super_frame(buffer: bytes) -> bool:
    """Whether the frame in `buffer` is longer than a wire would carry."""
    return buffer[1] != GSO_NONE


def cut(buffer: bytes) -> list[bytes]:
    """The wire-size frames of a super-frame, each behind a vnet header of its own; raises Malformed."""
    kind = buffer[1] & ~GSO_ECN
    gso_size, l4 = unpack_from("<HH", buffer, 4)
    l4 += VNET
    if kind not in (GSO_TCPV4, GSO_TCPV6, GSO_UDP_L4) or not gso_size or not IP + 20 <= l4 <= len(buffer) - 8:
        raise Malformed(f"gso type {kind}, size {gso_size}, transport header at {l4}")
    tcp = kind != GSO_UDP_L4
    header = l4 + (_tcp_header(buffer, l4) if tcp else 8)
    if header >= len(buffer):
        raise Malformed("no payload behind the transport header")
    frames = [buffer[:header] + buffer[at : at + gso_size] for at in range(header, len(buffer), gso_size)]
    pseudo = _pseudo_sum(buffer, tcp)
    last = len(frames) - 1
    return [_finished(bytearray(frame), n, n == last, l4, gso_size, pseudo, tcp) for n, frame in enumerate(frames)]


def _tcp_header(buffer: bytes, l4: int) -> int:
    if len(buffer) < l4 + 20:
        raise Malformed("truncated TCP header")
    return max(20, (buffer[l4 + 12] >> 4) * 4)


def _finished(frame: bytearray, index: int, last: bool, l4: int, gso_size: int, pseudo: int, tcp: bool) -> bytes:
    """Segment `index` with its own lengths, identification, sequence number, flags and checksums."""
    checksum = _TCP_CHECKSUM if tcp else _UDP_CHECKSUM
    pack_into("<BBHHHH", frame, 0, NEEDS_CSUM, GSO_NONE, 0, 0, l4 - VNET, checksum)
    _fix_ip(frame, index)
    length = len(frame) - l4
    if tcp:
        (sequence,) = unpack_from("!I", frame, l4 + 4)
        pack_into("!I", frame, l4 + 4, (sequence + index * gso_size) & 0xFFFFFFFF)
        # CWR belongs to the first segment only, FIN and PSH to the last only.
        frame[l4 + _TCP_FLAGS] &= 0xFF & ~(_CWR if index else 0) & ~(0 if last else _FIN | _PSH)
    else:
        pack_into("!H", frame, l4 + 4, length)
    pack_into("!H", frame, l4 + checksum, _folded(pseudo + length))
    return bytes(frame)


def _fix_ip(frame: bytearray, index: int) -> None:
    if frame[IP] >> 4 == 6:
        pack_into("!H", frame, IP + 4, len(frame) - IP - 40)
        return
    (identification,) = unpack_from("!H", frame, IP + 4)
    pack_into("!HH", frame, IP + 2, len(frame) - IP, (identification + index) & 0xFFFF)
    pack_into("!H", frame, IP + 10, 0)
    words = unpack_from(f"!{(frame[IP] & 15) * 2}H", frame, IP)
    pack_into("!H", frame, IP + 10, ~_folded(sum(words)) & 0xFFFF)


def _pseudo_sum(buffer: bytes, tcp: bool) -> int:
    """The sum of the pseudo-header without the length."""
    addresses = unpack_from("!16H", buffer, IP + 8) if buffer[IP] >> 4 == 6 else unpack_from("!4H", buffer, IP + 12)
    return int(sum(addresses)) + (6 if tcp else 17)


def _folded(total: int) -> int:
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total

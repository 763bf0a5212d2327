"""Detects the media in a UDP payload by its first bytes: the kind by RFC 7983, RTP or RTCP by RFC 5761."""

from __future__ import annotations

from struct import Struct
from struct import error as StructError

from ..conditions.flow import RTCP_TYPES, MediaKind

MediaHeader = tuple[MediaKind | None, int | None, int | None]
"""Kind, RTP payload type, and SSRC (of RTP or of the RTCP sender); None if absent."""

NONE: MediaHeader = (None, None, None)

_RANGES: dict[MediaKind, range] = {"stun": range(4), "dtls": range(20, 64), "turn-channel": range(64, 80)}
_KINDS: list[MediaHeader] = [NONE] * 256
for _kind, _range in _RANGES.items():
    _KINDS[_range.start : _range.stop] = [(_kind, None, None)] * len(_range)

# From the UDP length field on: length, first two payload bytes, SSRC position of RTCP, SSRC position of RTP.
_read = Struct("!H2xBB2xII").unpack_from
_BEFORE = 4
_HEADER = 8
_RTCP_FIRST, _RTCP_LAST = RTCP_TYPES[0], RTCP_TYPES[-1]


def media_of(buffer: bytes, payload: int) -> MediaHeader:
    """The media of the UDP payload that starts at `payload`; NONE if empty or of an unknown kind.

    RTP inside TURN channel data is "turn-channel". A payload shorter than an RTP header is padded with zeroes.
    """
    try:
        length, first, second, sender, source = _read(buffer, payload - _BEFORE)
    except StructError:
        if len(buffer) <= payload:
            return NONE
        length, first, second, sender, source = _read(buffer[payload - _BEFORE :].ljust(16, b"\0"))
    if length == _HEADER:  # empty payload; what follows is Ethernet padding
        return NONE
    if not 128 <= first < 192:
        kind: MediaHeader = _KINDS[first]
        return kind
    if _RTCP_FIRST <= second & 0x7F <= _RTCP_LAST:
        return "rtcp", None, sender
    return "rtp", second & 0x7F, source

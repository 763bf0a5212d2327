"""What a UDP payload carries, by its first bytes: RFC 7983 tells the kinds apart, RFC 5761 tells RTP from RTCP."""

from __future__ import annotations

from struct import Struct
from struct import error as StructError

from ..conditions.flow import RTCP_TYPES, MediaKind

Media = tuple[MediaKind | None, int | None, int | None]
"""The kind, the payload type of RTP, and the SSRC of RTP or of RTCP's sender; None for what there is not."""

NONE: Media = (None, None, None)

_RANGES: dict[MediaKind, range] = {"stun": range(4), "dtls": range(20, 64), "turn-channel": range(64, 80)}
_KINDS: list[Media] = [NONE] * 256
for _kind, _range in _RANGES.items():
    _KINDS[_range.start : _range.stop] = [(_kind, None, None)] * len(_range)

# From the length field of UDP on: that, the first two bytes of the payload, the SSRC of RTCP, the SSRC of RTP.
_read = Struct("!H2xBB2xII").unpack_from
_BEFORE = 4
_HEADER = 8
_RTCP_FIRST, _RTCP_LAST = RTCP_TYPES[0], RTCP_TYPES[-1]


def media_of(buffer: bytes, payload: int) -> Media:
    """The media of the UDP payload that starts at `payload`; NONE where there is none, or an unknown kind.

    RTP inside the channel data of TURN is "turn-channel". What is shorter than a header of RTP reads as if zeroes
    followed.
    """
    try:
        length, first, second, sender, source = _read(buffer, payload - _BEFORE)
    except StructError:
        if len(buffer) <= payload:
            return NONE
        length, first, second, sender, source = _read(buffer[payload - _BEFORE :].ljust(16, b"\0"))
    if length == _HEADER:  # what follows is padding of the frame
        return NONE
    if not 128 <= first < 192:
        kind: Media = _KINDS[first]
        return kind
    if _RTCP_FIRST <= second & 0x7F <= _RTCP_LAST:
        return "rtcp", None, sender
    return "rtp", second & 0x7F, source

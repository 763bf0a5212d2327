"""Media: the kind, payload type and SSRC of a UDP payload."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.conditions.flow import MEDIA
from syntheticnet.packets.media import NONE, MediaHeader, media_of

from ..builders import rtcp, rtp, udp

SSRC = 0x1234ABCD


def read(payload: bytes) -> MediaHeader:
    return media_of(udp(5000, 6000, payload), 8)


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [
        (0, 3, "stun"),
        (4, 19, None),
        (20, 63, "dtls"),
        (64, 79, "turn-channel"),
        (80, 127, None),
        (192, 255, None),
    ],
)
def test_the_first_byte_tells_the_kind(low: int, high: int, kind: str | None) -> None:
    """The ranges of RFC 7983, from their first value to their last, whatever follows."""
    for first in range(low, high + 1):
        assert read(bytes([first]) + bytes(30)) == (kind, None, None)
        assert read(bytes([first])) == (kind, None, None)


def test_rtp_shows_payload_type_and_ssrc() -> None:
    """The marker bit is no part of the payload type."""
    assert read(rtp(96, SSRC)) == ("rtp", 96, SSRC)
    assert read(rtp(96, SSRC, marker=True)) == ("rtp", 96, SSRC)
    assert read(b"\xbf" + rtp(0, 1)[1:]) == ("rtp", 0, 1)


@pytest.mark.parametrize(("second", "kind"), [(191, "rtp"), (192, "rtcp"), (223, "rtcp"), (224, "rtp")])
def test_the_second_byte_tells_rtcp(second: int, kind: str) -> None:
    """RTCP's packet types are 192 to 223: payload types 64 to 95 with the marker bit (RFC 5761)."""
    assert read(bytes([0x80, second]) + bytes(10))[0] == kind


def test_rtp_has_no_payload_type_of_rtcp() -> None:
    """Nor without the marker bit: RTP on a port that RTCP may share has no payload type from 64 to 95."""
    kinds = [read(bytes([0x80, payload_type]) + bytes(10))[0] for payload_type in range(128)]
    assert [payload_type for payload_type, kind in enumerate(kinds) if kind == "rtcp"] == [*range(64, 96)]


def test_rtcp_shows_the_ssrc_of_its_sender() -> None:
    """A packet that is only a header has them too."""
    assert read(rtcp(201, SSRC)) == ("rtcp", None, SSRC)
    assert read(rtcp(206, SSRC) + bytes(8)) == ("rtcp", None, SSRC)


def test_an_empty_datagram_carries_nothing() -> None:
    """What follows an empty payload in the frame is padding."""
    assert read(b"") == NONE
    assert media_of(udp(5000, 6000) + bytes(18), 8) == NONE


@given(st.binary(max_size=40), st.integers(4, 60))
def test_never_raises(buffer: bytes, payload: int) -> None:
    """Any bytes of any length parse without an error."""
    kind, payload_type, ssrc = media_of(buffer, payload)
    assert kind in (None, *MEDIA)
    assert (payload_type is not None) == (kind == "rtp")
    assert (ssrc is not None) == (kind in ("rtp", "rtcp"))

"""Codecs of payload types in a bot's session descriptions."""

from __future__ import annotations

from bot.rtp_codecs import codecs

ANSWER = """v=0\r
m=audio 9 UDP/TLS/RTP/SAVPF 111\r
a=rtpmap:111 opus/48000/2\r
m=video 9 UDP/TLS/RTP/SAVPF 96 97\r
a=rtpmap:96 VP8/90000\r
a=rtcp-fb:96 nack\r
a=rtpmap:97 rtx/90000\r
"""
OTHER = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 H264/90000\r\n"


def test_kind_and_codec() -> None:
    """Each payload type of each section, with its kind."""
    assert codecs([ANSWER, ANSWER]) == {"111": "audio/opus", "96": "video/VP8", "97": "video/rtx"}
    assert codecs([]) == {}


def test_a_payload_type_of_two_meanings() -> None:
    """If two connections use one for different codecs, it has none."""
    assert codecs([ANSWER, OTHER]) == {"111": "audio/opus", "97": "video/rtx"}

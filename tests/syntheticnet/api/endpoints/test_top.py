"""`/top` for existing scripts, through a real control channel to a fake forwarder."""

from __future__ import annotations

from ...site import Site


def test_top_is_49152_octets(site: Site) -> None:
    """2048 slots of three little-endian 64-bit words."""
    answer = site.ask("GET", "/top/ingress.profile")
    words = b"".join(word.to_bytes(8, "little") for word in (3, 1000, 17))
    assert answer.content == words.ljust(49152, b"\0")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert site.ask("GET", "/top/egress.profile").content == bytes(49152)

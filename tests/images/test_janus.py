"""The bundled SFU's configuration: its room's limits, and no access to or from outside the lab."""

from __future__ import annotations

from pathlib import Path

import pytest

JANUS = Path(__file__).parents[2] / "images" / "janus"


def setting(file: str, name: str) -> str:
    """The only value of a key in a configuration file."""
    lines = [line.strip() for line in (JANUS / "etc" / file).read_text().splitlines()]
    (value,) = (line.partition("=")[2].strip().strip('"') for line in lines if line.startswith(f"{name} ="))
    return value


def test_room() -> None:
    """The room allows 32 publishers at 500 kbit/s, VP8 and Opus."""
    file = "janus.plugin.videoroom.jcfg"
    names = ("publishers", "bitrate", "videocodec", "audiocodec")
    assert [setting(file, name) for name in names] == ["32", "500000", "vp8", "opus"]


def test_admin_api_stays_inside() -> None:
    """The admin API, which has no password, listens on the container's loopback only."""
    assert setting("janus.transport.http.jcfg", "admin_ip") == "127.0.0.1"
    assert setting("janus.transport.websockets.jcfg", "admin_ws") == "false"


@pytest.mark.parametrize("file", sorted((JANUS / "etc").iterdir()), ids=lambda file: file.name)
def test_no_outside_backend(file: Path) -> None:
    """The server contacts no host outside the lab: no STUN, no TURN."""
    assert not [line for line in file.read_text().splitlines() if "stun_" in line or "turn_" in line]

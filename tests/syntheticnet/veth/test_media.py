"""Flows by media on one pair of ports: only the named kind is lost."""

from __future__ import annotations

from struct import pack
from typing import Any

import pytest

from ..builders import rtcp, rtp
from .lanes import undisturbed
from .traffic import paced, received
from .world import BOTH, Family, Side, World

pytestmark = pytest.mark.veth

ROUNDS = 100
ONE, OTHER = 0x1234ABCD, 0x00C0FFEE
KINDS: dict[str, bytes] = {
    "stun": pack("!HHI12x", 1, 0, 0x2112A442),
    "dtls": bytes((22, 254, 253)) + bytes(10) + b"hello",
    "turn-channel": pack("!HH", 0x4000, 4) + b"data",
    "video of one": rtp(96, ONE),
    "video of the other": rtp(96, OTHER, marker=True),
    "audio of one": rtp(111, ONE),
    "report of one": rtcp(201, ONE),
    "report of the other": rtcp(200, OTHER),
}
CASES = {
    "stun": {"stun"},
    "dtls": {"dtls"},
    "turn-channel": {"turn-channel"},
    "rtcp": {"report of one", "report of the other"},
    "rtp": {"video of one", "video of the other", "audio of one"},
    "rtp:{port},pt=96": {"video of one", "video of the other"},
    f"rtp:{{port}},ssrc={ONE}": {"video of one", "audio of one"},
    f"rtp:{{port}},pt=96,ssrc={ONE:#x}": {"video of one"},
    f"rtcp:{{port}},ssrc={OTHER:#x}": {"report of the other"},
}


@pytest.mark.parametrize("sender", BOTH)
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("flow", CASES)
def test_one_kind_is_lost(world: World, sender: Side, family: Family, flow: str) -> None:
    """All datagrams of the kind are lost; all others of the same conversation arrive unchanged and in order."""
    away, toward = world.udp_pair(sender, family)
    port = (away if sender == "server" else toward).getsockname()[1]
    down: dict[str, Any] = {"egress" if sender == "client" else "ingress": {"loss": "100%"}}

    kept = [datagram for name, datagram in KINDS.items() if name not in CASES[flow]]
    expected = [datagram + pack("!H", n) for n in range(ROUNDS) for datagram in kept]

    def came() -> list[bytes]:
        world.configure(flows={f"*:{flow.format(port=port)}": down})
        paced(ROUNDS, 2000, lambda n: [away.send(datagram + pack("!H", n)) for datagram in KINDS.values()])
        return received(toward, len(expected), 1)

    with away, toward:
        assert undisturbed(world, came) == expected

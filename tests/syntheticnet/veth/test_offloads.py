"""Super-frames through a real forwarder: bytes and checksums arrive intact, cut or uncut."""

from __future__ import annotations

import time
from random import Random

import pytest

from .traffic import connected, drained, transferred
from .world import BOTH, Family, Side, World

pytestmark = pytest.mark.veth

CONTENT = Random(5).randbytes(6_000_000)
FULL_SIZE = 1514
_SOL_UDP, _UDP_SEGMENT = 17, 103


def checksum_errors(world: World) -> list[dict[str, int]]:
    return [world.checksum_errors(side) for side in BOTH]


def mean_size(world: World, direction: str, before: dict[str, int]) -> float:
    """Bytes of a packet as a link counted them since `before`."""
    link = world.report()["links"][direction]
    return float((link["bytes_in"] - before["bytes_in"]) / (link["packets_in"] - before["packets_in"]))


@pytest.mark.parametrize("sender", BOTH)
@pytest.mark.parametrize("family", [4, 6])
def test_streams_arrive_byte_exact(world: World, sender: Side, family: Family) -> None:
    """Over a link with latency TSO frames are cut, and no checksum is wrong at the receiver."""
    world.configure(egress={"latency": "5ms"}, ingress={"latency": "5ms"})
    errors = checksum_errors(world)
    direction = "egress" if sender == "client" else "ingress"
    before = world.report()["links"][direction]
    with connected(world, sender, family) as (away, toward):
        assert transferred(away, toward, CONTENT) == CONTENT
    assert 1000 < mean_size(world, direction, before) <= FULL_SIZE
    assert checksum_errors(world) == errors


def test_a_perfect_link_passes_super_frames_whole(world: World) -> None:
    """Without conditions super-frames pass uncut and arrive byte-exact."""
    errors = checksum_errors(world)
    before = world.report()["links"]["egress"]
    with connected(world, "client") as (away, toward):
        assert transferred(away, toward, CONTENT) == CONTENT
    assert mean_size(world, "egress", before) > 2 * FULL_SIZE
    assert checksum_errors(world) == errors


@pytest.mark.parametrize("conditions", [{}, {"egress": {"latency": "5ms"}}])
@pytest.mark.parametrize("family", [4, 6])
def test_udp_super_frames_are_datagrams_at_the_receiver(
    world: World, family: Family, conditions: dict[str, dict[str, str]]
) -> None:
    """One send of 12,000 bytes in segments of 1,200 arrives as ten datagrams, cut by us or by the kernel."""
    world.configure(**conditions)
    errors = checksum_errors(world)
    away, toward = world.udp_pair("client", family)
    with away, toward:
        away.setsockopt(_SOL_UDP, _UDP_SEGMENT, 1200)
        assert away.send(CONTENT[:12_000]) == 12_000
        time.sleep(0.3)
        assert drained(toward) == [CONTENT[at : at + 1200] for at in range(0, 12_000, 1200)]
    assert checksum_errors(world) == errors

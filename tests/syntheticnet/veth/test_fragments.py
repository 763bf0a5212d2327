"""Fragmented datagrams: later fragments have no ports and share the fate of the first."""

from __future__ import annotations

import socket

import pytest

from syntheticnet.packets.packet import IP

from .lanes import Lane, closing, undisturbed
from .traffic import drained, paced, received
from .world import BOTH, Family, Side, World, other

pytestmark = pytest.mark.veth

COUNT, SIZE, FRAGMENTS = 200, 4000, 3
_FRAGMENT_HEADER = 44


def fragments(frames: list[tuple[bytes, int]], family: Family) -> int:
    """How many of the frames are fragments of UDP datagrams."""
    if family == 6:
        return sum(buffer[IP - 2 : IP] == b"\x86\xdd" and buffer[IP + 6] == _FRAGMENT_HEADER for buffer, _ in frames)
    return sum(
        buffer[IP - 2 : IP] == b"\x08\x00"
        and buffer[IP + 9] == socket.IPPROTO_UDP
        and buffer[IP + 6 : IP + 8] != b"@\0"
        for buffer, _ in frames
    )


@pytest.mark.parametrize("sender", BOTH)
@pytest.mark.parametrize("family", [4, 6])
def test_all_fragments_belong_to_the_flow(world: World, sender: Side, family: Family) -> None:
    """Of two conversations, one lost by its port and one delayed, no fragment of the first arrives, and the second
    arrives completely and in order."""
    gone = Lane(world, "gone", {"loss": "100%"}, sender, family)
    late = Lane(world, "late", {"latency": "30ms"}, sender, family)

    def run() -> tuple[list[bytes], list[bytes], int]:
        world.configure(flows=gone.flow() | late.flow())
        with world.capture(other(sender)) as taken:
            paced(COUNT, 500, lambda n: [lane.away.send(content(n)) for lane in (gone, late)])
            return received(late.toward, COUNT, 1), drained(gone.toward), fragments(taken(), family)

    with closing([gone, late]):
        came, leaked, passed = undisturbed(world, run)
        report = world.report()
    assert came == [content(n) for n in range(COUNT)]
    assert leaked == []
    assert passed == FRAGMENTS * COUNT
    assert gone.counts(report)["dropped"] == {"loss": FRAGMENTS * COUNT}
    assert late.counts(report)["packets_out"] == FRAGMENTS * COUNT


def content(n: int) -> bytes:
    return n.to_bytes(4) * (SIZE // 4)

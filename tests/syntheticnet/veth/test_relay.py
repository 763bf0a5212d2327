"""A direction without conditions: frames are relayed without copying or cutting, and still counted."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest

from .lanes import undisturbed
from .traffic import connected, drained, is_even, numbered, paced, transferred
from .world import World

pytestmark = pytest.mark.veth

COUNT = 2000
SIZE = 100
FRAME = SIZE + 42


def test_datagrams_are_counted_with_their_delay(world: World) -> None:
    """Every packet and byte in and out is counted, and the time in the forwarder."""
    away, toward = world.udp_pair("client")

    def run() -> tuple[dict[str, Any], dict[str, Any]]:
        before = world.report()["links"]["egress"]
        paced(COUNT, 5000, lambda n: away.send(numbered(n, SIZE)))
        time.sleep(0.2)
        return before, world.report()["links"]["egress"]

    with away, toward:
        before, after = undisturbed(world, run)
    assert COUNT <= after["packets_in"] - before["packets_in"] <= COUNT + 20  # plus the kernels' own packets
    assert is_even(after)
    assert FRAME * COUNT <= after["bytes_out"] - before["bytes_out"] <= FRAME * (COUNT + 20)
    assert 0 < after["achieved"]["delay_p50_ms"] < 5


def test_flows_are_reported_apart(world: World) -> None:
    """A flow with conditions in the other direction only is counted as its own here."""
    away, toward = world.udp_pair("client")

    def run() -> tuple[int, int]:
        world.configure(flows={"*:udp": {"ingress": {"loss": "100%"}}})
        before = world.report()["flows"]["*:udp"]["egress"]["packets_out"]
        paced(COUNT, 5000, lambda n: away.send(numbered(n, SIZE)))
        time.sleep(0.2)
        return len(drained(toward)), world.report()["flows"]["*:udp"]["egress"]["packets_out"] - before

    with away, toward:
        assert undisturbed(world, run) == (COUNT, COUNT)


@pytest.mark.parametrize("family", [4, 6])
def test_super_frames_pass_whole(world: World, family: int) -> None:
    """A stream arrives unchanged, in far fewer packets than a wire would need."""
    world.configure()
    content = Random(1).randbytes(20_000_000)
    before = world.report()["links"]["egress"]
    with connected(world, "client", 4 if family == 4 else 6) as (sender, receiver):
        assert transferred(sender, receiver, content) == content
    after = world.report()["links"]["egress"]
    assert after["packets_out"] - before["packets_out"] < len(content) / 1448 / 4

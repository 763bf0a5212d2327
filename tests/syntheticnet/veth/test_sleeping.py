"""Where packets are few: how often the forwarder wakes up for one, and what it leaves unread meanwhile."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from .traffic import drained, numbered, paced
from .world import World

pytestmark = [pytest.mark.veth, pytest.mark.issue(15)]

COUNT, PER_SECOND = 300, 250
ROUNDS, BURST = 10, 6
SHAPED = {"rate": "20mbit", "latency": "20ms", "jitter": "2ms", "distribution": "uniform"}


def sleeps(world: World) -> int:
    """How often the forwarder's packet thread has gone to sleep."""
    rows = Path(f"/proc/{world.forwarder}/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("voluntary_ctxt_switches"))


@pytest.mark.parametrize("link", [{}, {"latency": "20ms", "loss": "1%"}, SHAPED], ids=["perfect", "lossy", "shaped"])
def test_it_wakes_up_once_for_a_packet(world: World, link: dict[str, Any]) -> None:
    """Held packets are read when others are sent. Without that there are two wake-ups a packet, with a rate three.

    A few more are the heartbeat's, and those of packets that come after a pause.
    """
    world.configure(egress=link)
    away, toward = world.udp_pair("client")
    with away, toward:
        paced(20, PER_SECOND, lambda n: away.send(numbered(n, 100)))
        before = sleeps(world)
        paced(COUNT, PER_SECOND, lambda n: away.send(numbered(n, 100)))
        after = sleeps(world)
        time.sleep(0.2)
        assert len(drained(toward)) >= 0.9 * COUNT
    assert after - before <= 1.3 * COUNT


def test_a_change_does_not_reach_back(world: World) -> None:
    """What has come before a change is treated by the old conditions, although it may be unread until the change."""
    away, toward = world.udp_pair("client")
    with away, toward:
        for _ in range(ROUNDS):
            world.configure(egress={"latency": "100ms"})
            paced(BURST, 1000, lambda n: away.send(numbered(n, 100)))
            world.configure(egress={"latency": "100ms", "loss": "100%"})
            time.sleep(0.2)
            assert len(drained(toward)) == BURST

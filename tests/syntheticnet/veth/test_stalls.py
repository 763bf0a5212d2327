"""A stopped forwarder, a full socket and malformed frames: nothing is late, uncounted or harmful."""

from __future__ import annotations

import time

import pytest

from syntheticnet.packets.packet import IP, VNET

from ..builders import udp_frame
from .traffic import delays_ms, drained, numbered, paced
from .world import ADDRESSES, World, settle

pytestmark = pytest.mark.veth

LATENCY_MS, OVERDUE_MS = 50, 100
SLACK_MS = 100  # what a busy machine may take between the forwarder's decision and its sending


def test_nothing_comes_late_after_a_stop(world: World) -> None:
    """After 3 s stopped, the forwarder drops and counts what waited instead of sending it late."""
    world.configure(egress={"latency": f"{LATENCY_MS}ms"}, flows={"*:udp": {}})  # a flow only to be counted
    away, toward = world.udp_pair("client")

    def send(n: int) -> None:
        away.send(numbered(n))

    with away, toward, world.capture("server") as taken:
        paced(150, 300, send)
        with world.stopped():
            paced(900, 300, lambda n: send(150 + n))
        paced(300, 300, lambda n: send(1050 + n))
        time.sleep(0.3)
        delays = delays_ms(taken())
        arrived = len(drained(toward))
    stalled = world.report()["flows"]["*:udp"]["egress"]["dropped"]["stalled"]
    assert max(delays.values()) <= LATENCY_MS + OVERDUE_MS + SLACK_MS
    assert stalled >= 800
    assert arrived + stalled == 1350
    assert arrived >= 350


def test_what_finds_the_socket_full_is_counted(world: World) -> None:
    """Packets the kernel drops while the forwarder is stopped are counted as drops."""
    before = world.report()["links"]["egress"]
    sent = 60_000
    away, toward = world.udp_pair("client")
    away.setblocking(True)
    with away, toward:
        with world.stopped():
            for _ in range(sent):
                away.send(b"x")

        def accounted() -> bool:
            link = world.report()["links"]["egress"]
            came = link["packets_in"] - before["packets_in"]
            return bool(came >= sent and not link["queued"])

        assert settle(10, accounted)
    overflown = world.report()["links"]["egress"]["dropped"]["kernel"] - before["dropped"].get("kernel", 0)
    assert 0 < overflown < sent


def test_odd_frames_harm_nobody(world: World) -> None:
    """Truncated hand-made frames stop neither the forwarder nor the frame behind them."""
    world.configure(egress={"latency": "1ms"})
    client, server = ADDRESSES["client"], ADDRESSES["server"]
    good = [udp_frame(client[4], server[4], 7, 8), udp_frame(client[6], server[6], 7, 8)]
    odd = [whole[:length] for whole in good for length in range(IP + 1, len(whole))]
    port = world.raw("client")
    try:
        with world.capture("server") as taken:
            refused = port.write([*odd, *good])
            time.sleep(0.3)
            arrived = {buffer[VNET:] for buffer, _ in taken()}
    finally:
        port._socket.close()
    assert refused == []
    assert arrived >= {whole[VNET:] for whole in (*odd, *good)}
    assert world.report()["forwarder"]["restarts"] == 0

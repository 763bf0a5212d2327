"""Leases and scheduled changes on real packets: applied to the millisecond, measured at the receiver."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise

import pytest

from syntheticnet.forwarder.port import Frame
from syntheticnet.packets.packet import IP

from ..builders import MS, SECOND
from .traffic import drained, numbered, paced
from .world import World

pytestmark = pytest.mark.veth

CLOSE_MS = 5
GAP_MS = 1
ATTEMPTS = 10


def arrivals(frames: list[Frame]) -> list[int]:
    """When UDP datagrams arrived, on the monotonic clock."""
    skew = time.clock_gettime_ns(time.CLOCK_REALTIME) - time.monotonic_ns()
    return [stamp - skew for buffer, stamp in frames if buffer[IP + 9] == socket.IPPROTO_UDP]


def silence(arrived: list[int]) -> tuple[int, int]:
    """Start and end of the longest gap between arrivals."""
    return max(pairwise(arrived), key=lambda pair: pair[1] - pair[0])


def near(moment: int, wanted: int) -> bool:
    return abs(moment - wanted) <= (CLOSE_MS + GAP_MS) * MS


def steadily(count: int, send: Callable[[int], None], waits: int = -1) -> bool:
    """Run it a thousand times a second; returns whether the machine kept up. Number `waits` may take longer."""
    sent: list[int] = []

    def noted(n: int) -> None:
        send(n)
        sent.append(time.monotonic_ns())

    paced(count, 1000, noted)
    time.sleep(0.1)
    return all(later - before < CLOSE_MS * MS for n, (before, later) in enumerate(pairwise(sent), 1) if n != waits)


def test_a_lease_reverts_by_itself(world: World) -> None:
    """During the lease of an outage nothing arrives; afterwards everything does."""
    away, toward = world.udp_pair("client")
    asked: list[int] = []
    leased: list[int] = []

    def send(n: int) -> None:
        if n == 300:
            asked[:] = [time.monotonic_ns()]  # nothing is sent until the answer is there
            answer = world.ask("change", change={"egress": {"loss": "100%"}}, lease_ns=SECOND // 2)
            leased[:] = answer["entry"]["at_ns"], answer["entry"]["expires_ns"]
        away.send(numbered(n))

    with away, toward, world.capture("server") as taken:
        for _ in range(ATTEMPTS):
            steady = steadily(1200, send, waits=300)
            arrived, whole = arrivals(taken()), len(drained(toward))
            if steady:
                break
        begin, end = silence(arrived)
        assert near(begin, asked[0])
        assert asked[0] < leased[0]
        assert near(end, leased[1])
        assert whole > 600
    assert world.report()["leases"] == []


def test_two_networks_change_at_the_same_time(world: World, fresh: World) -> None:
    """An outage scheduled on both forwarders starts and ends on both within 5 ms of the set times."""
    worlds = (world, fresh)
    with ExitStack() as cleanup:
        pairs = [one.udp_pair("client") for one in worlds]
        for pair in pairs:
            for opened in pair:
                cleanup.enter_context(opened)
        captures = [cleanup.enter_context(one.capture("server")) for one in worlds]

        def send(n: int) -> None:
            for away, _ in pairs:
                away.send(numbered(n))

        for _ in range(ATTEMPTS):
            at = time.monotonic_ns() + SECOND // 2
            for one in worlds:
                one.ask("change", change={"egress": {"loss": "100%"}}, at_ns=at)
                one.ask("change", change={"egress": {"loss": None}}, at_ns=at + SECOND // 4)
            steady = steadily(1200, send)
            arrived = [arrivals(taken()) for taken in captures]
            if steady:
                break
        for times in arrived:
            begin, end = silence(times)
            assert near(begin, at)
            assert near(end, at + SECOND // 4)


def test_a_long_file_is_kept(world: World) -> None:
    """A file of a megabyte passes the control socket, and conditions can use it."""
    text = "\n".join(str(n // 10) for n in range(1, 170_000)) + "\n"
    assert world.ask("put_file", name="train", text=text)["files"] == [{"name": "train", "bytes": len(text)}]
    assert world.ask("change", change={"egress": {"rate_trace": "train"}})["conditions"]["egress"] == {
        "rate_trace": "train"
    }
    world.configure()
    assert world.ask("remove_file", name="train") == {"files": []}

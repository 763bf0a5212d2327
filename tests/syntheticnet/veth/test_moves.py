"""Held packets while flows come and go: each continues in its new flow's element, in order; none is lost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import pytest

from ..builders import MS, SECOND
from .lanes import Arrival, Lane, arrivals, closing, undisturbed
from .traffic import numbered, paced
from .world import Side, World, other, settle

pytestmark = pytest.mark.veth

SLOW_MS, FAST_MS = 300, 100
CLEAR_MS = 20
TRIES = 5  # attempts to make a change that quickly
LONGEST_CHANGE_MS = 30  # otherwise few packets still wait when their flow changes
TURN_MS = 0.05
"""Packets that one turn of the loop sends leave within this time, in the order of their flows."""
SIZE, FRAME_BITS = 300, 8 * (300 + 42)

Came = dict[str, list[Arrival]]


class Traffic:
    """The arrivals of lanes while conditions change, and the time of each change (ns of CLOCK_REALTIME)."""

    def __init__(self, world: World, lanes: Sequence[Lane], size: int = 64) -> None:
        self._world = world
        self._lanes = lanes
        self._size = size
        self.came: Came = {}
        self.changes: list[tuple[int, int]] = []

    def send(self, count: int, per_second: float, changes: dict[int, dict[str, Any]]) -> None:
        """Send `count` datagrams over each lane, and change conditions before those of the given numbers."""

        def act(n: int) -> None:
            if n in changes:
                before = time.time_ns()
                self._world.configure(**changes[n])
                self.changes.append((before, time.time_ns()))
            for lane in self._lanes:
                lane.away.send(numbered(n, self._size))

        with self._world.capture("client") as client, self._world.capture("server") as server:
            paced(count, per_second, act)
            settle(5, lambda: not any(link["queued"] for link in self._world.report()["links"].values()))
            taken: dict[Side, dict[int, list[Arrival]]] = {
                "client": arrivals(client(), "client"),
                "server": arrivals(server(), "server"),
            }
        self.came = {lane.name: taken[other(lane.sender)][lane.port] for lane in self._lanes}


def test_held_packets_take_the_latency_of_their_new_flow(world: World) -> None:
    """300 ms, 100 ms while a flow has its own, 300 ms again: each packet takes the latency of the flow it belongs to
    when it leaves, packets of other flows are unaffected, and all arrive in order."""
    moved = [
        Lane(world, "there", {"latency": f"{FAST_MS}ms"}),
        Lane(world, "back", {"latency": f"{FAST_MS}ms"}, "server"),
    ]
    lanes = [*moved, Lane(world, "steady", {})]
    slow = {direction: {"latency": f"{SLOW_MS}ms"} for direction in ("egress", "ingress")}
    flows = moved[0].flow() | moved[1].flow()

    def run() -> Traffic:
        for _ in range(TRIES):
            world.configure(**slow)
            traffic = Traffic(world, lanes)
            traffic.send(1500, 1000, {600: slow | {"flows": flows}, 1000: slow})
            if all(after - before < LONGEST_CHANGE_MS * MS for before, after in traffic.changes):
                break
        return traffic

    with closing(lanes):
        traffic = undisturbed(world, run)
    for name, came in traffic.came.items():
        assert [arrival.number for arrival in came] == list(range(1500)), name
    errors = sorted(arrival.delay_ms - SLOW_MS for arrival in traffic.came["steady"])
    low, high = errors[len(errors) // 100], errors[-len(errors) // 100]
    for lane in moved:
        for latency, delays in phases(traffic.came[lane.name], *traffic.changes):
            assert len(delays) >= 20
            assert low <= median(delays) - latency <= high


def phases(came: list[Arrival], faster: tuple[int, int], slower: tuple[int, int]) -> list[tuple[int, list[float]]]:
    """The expected latency, and the delays of packets that: leave before the first change; wait for the new latency
    after it; are sent until the second change; wait for the old latency again."""
    fast, slow, clear = FAST_MS * MS, SLOW_MS * MS, CLEAR_MS * MS
    spans = [
        (SLOW_MS, 0, faster[0] - slow - clear),
        (FAST_MS, faster[1] - fast + clear, faster[0]),
        (FAST_MS, faster[1], slower[0] - fast - clear),
        (SLOW_MS, slower[1] - fast + clear, slower[1] + SECOND),
    ]
    return [(latency, [a.delay_ms for a in came if begin < a.sent < end]) for latency, begin, end in spans]


@pytest.mark.parametrize("sender", ["client", "server"])
def test_held_packets_take_the_bottleneck_of_their_new_flow(world: World, sender: Side) -> None:
    """Two conversations fill a queue; then one gets a separate, faster bottleneck, and the other has the old one alone:
    each continues at its rate with its waiting packets, in order, and nothing is lost."""
    stays, moved = Lane(world, "stays", {}, sender), Lane(world, "moved", {"rate": "1.5mbit"}, sender)
    shared = {stays.direction: {"rate": "1mbit", "queue": "10s"}}

    def run() -> Traffic:
        world.configure(**shared)
        traffic = Traffic(world, [stays, moved], SIZE)
        traffic.send(600, 600, {400: shared | {"flows": moved.flow()}})
        return traffic

    with closing([stays, moved]):
        traffic = undisturbed(world, run)
    for came in traffic.came.values():
        assert [arrival.number for arrival in came] == list(range(600))
    begin, end = traffic.changes[0][1] + CLEAR_MS * MS, traffic.changes[0][1] + 500 * MS
    for lane, rate_bps in ((stays, 1_000_000), (moved, 1_500_000)):
        stamps = [arrival.came for arrival in traffic.came[lane.name] if begin < arrival.came < end]
        assert drift(stamps, FRAME_BITS * SECOND / rate_bps) < 0.03


def drift(stamps: list[int], gap: float) -> float:
    """Relative error of the arrival rate against one per `gap` (ns), by the most punctual arrivals of either half."""
    late = [stamp - n * gap for n, stamp in enumerate(stamps)]
    half = len(late) // 2
    return abs(min(late[half:]) - min(late[:half])) / (half * gap)

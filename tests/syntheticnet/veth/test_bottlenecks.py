"""A rate trace at a bottleneck, followed second by second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from ..builders import SECOND
from .lanes import Lane, arrivals, closing, undisturbed
from .traffic import numbered, paced
from .world import World

pytestmark = pytest.mark.veth

OPPORTUNITIES = (20, 100, 50, 80)  # in each half second of the trace
HALF_MS, LAPS = 500, 2
FULL, HALF = 1500 - 28, 750 - 28


@pytest.fixture
def traced(joined: World) -> Iterator[World]:
    """The world with a trace in half-second blocks, with no opportunities near a block's ends."""
    joined.configure()
    times = [
        half * HALF_MS + round((n + 0.5) * HALF_MS / count)
        for half, count in enumerate(OPPORTUNITIES)
        for n in range(count)
    ]
    times[-1] = HALF_MS * len(OPPORTUNITIES)
    joined.ask("put_file", name="train", text="\n".join(map(str, times)))
    yield joined
    joined.configure()
    joined.ask("remove_file", name="train")


def test_a_trace_sets_the_rate(traced: World) -> None:
    """In every half second of two laps as many packets arrive as the trace has room for, within 5 %: full-size ones
    one way, two per opportunity the other. A steady flow in the same run shows the machine's own delay."""
    trace = {"rate_trace": "train", "queue": "10s"}  # long enough never to drain while the test pauses
    lanes = [Lane(traced, "full", trace), Lane(traced, "half", trace, "server"), Lane(traced, "steady", {})]
    with closing(lanes):
        counts, late_ms = undisturbed(traced, lambda: trained(traced, lanes))
    neighbours = zip(OPPORTUNITIES, (OPPORTUNITIES[-1], *OPPORTUNITIES[:-1]), strict=True)
    slips = [max(pair) / HALF_MS * late_ms for pair in neighbours]
    for name, per_opportunity in (("full", 1), ("half", 2)):
        for half, count in list(enumerate(counts[name]))[1:]:  # sending started within the first
            expected = per_opportunity * OPPORTUNITIES[half % len(OPPORTUNITIES)]
            assert abs(count - expected) <= 0.05 * expected + per_opportunity * slips[half % len(slips)], (name, half)


def trained(world: World, lanes: list[Lane]) -> tuple[dict[str, list[int]], float]:
    """Packets per half second, and the longest delay of a packet in the steady lane or stall of the machine."""
    conditions = {name: flow for lane in lanes for name, flow in lane.flow().items()}
    began = world.configure(flows=conditions)["monotonic_ns"]
    began += time.clock_gettime_ns(time.CLOCK_REALTIME) - time.monotonic_ns()
    full, half, steady = lanes

    def send(n: int) -> None:
        full.away.send(numbered(n, FULL))
        for _ in range(2):
            half.away.send(numbered(n, HALF))
        steady.away.send(numbered(n))

    with world.capture("server") as there, world.capture("client") as back:
        paced(300 * LAPS * len(OPPORTUNITIES) * HALF_MS // 1000, 300, send)
        time.sleep(0.05)
        came = arrivals(there(), "server") | arrivals(back(), "client")
    sent = sorted(arrival.sent for arrival in came[steady.port])
    paused_ms = max(later - before for before, later in pairwise(sent)) / 1e6 - 1000 / 300
    late_ms = max(paused_ms, *(arrival.delay_ms for arrival in came[steady.port]))
    return {lane.name: by_half(came[lane.port], began) for lane in (full, half)}, late_ms


def by_half(came: list[Any], began: int) -> list[int]:
    """The number of arrivals in each half second since the trace began."""
    counts = [0] * (LAPS * len(OPPORTUNITIES))
    for arrival in came:
        half = (arrival.came - began) // (HALF_MS * SECOND // 1000)
        if half < len(counts):
            counts[half] += 1
    return counts

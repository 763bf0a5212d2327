"""Queues at a bottleneck: packet delay with CoDel and ECN, and a rate trace followed second by second."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from syntheticnet.forwarder.port import Frame
from syntheticnet.packets.packet import IP

from ..builders import SECOND
from .lanes import Lane, arrivals, closing, undisturbed
from .traffic import bytes_within, numbered, paced
from .world import BOTH, World

pytestmark = pytest.mark.veth

RATE_BPS = 5_000_000
RATE = {"rate": "5mbit"}
QUEUES: dict[str, dict[str, Any]] = {
    "droptail": RATE,
    "codel": RATE | {"aqm": "codel"},
    "ecn": RATE | {"aqm": "codel", "ecn": True, "queue": "1s"},  # marks alone must keep it short
}
SECONDS, WARM_UP_S = 5, 1.5
_IP_TOS, _ECT, _CE = 1, 2, 3
_SO_SNDBUFFORCE = 32

OPPORTUNITIES = (20, 100, 50, 80)  # in each half second of the trace
HALF_MS, LAPS = 500, 2
FULL, HALF = 1500 - 28, 750 - 28


@pytest.fixture
def marking(fresh: World) -> World:
    """A world whose endpoints negotiate ECN."""
    for side in BOTH:
        with fresh.inside(side):
            Path("/proc/sys/net/ipv4/tcp_ecn").write_text("1")
    return fresh


class Queue:
    """A TCP stream through its own bottleneck, with UDP probes that measure the wait in its queue."""

    def __init__(self, world: World, name: str, cleanup: ExitStack) -> None:
        self.name = name
        self._away, self._toward = map(cleanup.enter_context, world.tcp_pair("client"))
        self.port: int = self._toward.getsockname()[1]
        self._probes = cleanup.enter_context(world.udp("client"))
        self._probed = cleanup.enter_context(world.udp("server", port=self.port))
        self._probes.connect(self._probed.getsockname())
        self._probes.setsockopt(0, _IP_TOS, _ECT)
        self._away.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")  # BBR would keep the queue short
        self._away.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, 4 << 20)  # its kernel continues while the test pauses
        for end in (self._away, self._toward):
            end.setblocking(False)

    def flow(self) -> dict[str, Any]:
        return {self.name: {"match": f"*:*:{self.port}", "egress": QUEUES[self.name]}}

    def turn(self, n: int) -> None:
        """Keep the stream going, and send a probe now and then."""
        if n % 10 == 0:
            self._probes.send(numbered(n))
        for act in (lambda: self._away.send(bytes(1 << 16)), lambda: self._toward.recv(1 << 20)):
            try:
                act()
            except BlockingIOError:
                continue


def test_codel_and_marks_keep_queues_short(marking: World) -> None:
    """Three streams at once, through 5 mbit each: with CoDel packets wait a fraction of the time with droptail; with
    ECN it marks instead of dropping, to the same effect; and all use their full rate."""
    frames, report, ports = undisturbed(marking, lambda: streamed(marking))
    waits = {name: wait_ms(frames, port) for name, port in ports.items()}
    assert waits["droptail"] > 50  # 200 ms when full, and half of it when Reno has halved its window
    assert waits["codel"] < waits["droptail"] / 4
    assert waits["ecn"] < waits["droptail"] / 4
    assert report["codel"]["egress"]["dropped"]["codel"] > 0
    assert report["ecn"]["egress"]["dropped"] == {}
    marks = marked(frames)
    assert marks.keys() == {ports["ecn"]}
    assert marks[ports["ecn"]] >= 5
    for name, port in ports.items():
        # Reno whose queue is empty when it halves its window fills three quarters of the link; a queue helps it.
        assert 0.75 < rate_bps(frames, port) / RATE_BPS < 1.02, name


def streamed(world: World) -> tuple[list[Frame], dict[str, Any], dict[str, int]]:
    """The arrivals of all streams, the flows of the report, and the ports of the queues."""
    frames: list[Frame] = []
    with ExitStack() as cleanup:
        queues = [Queue(world, name, cleanup) for name in QUEUES]
        world.configure(flows={name: flow for queue in queues for name, flow in queue.flow().items()})
        taken = cleanup.enter_context(world.capture("server"))

        def turn(n: int) -> None:
            for queue in queues:
                queue.turn(n)
            frames.extend(taken())

        paced(SECONDS * 1000, 1000, turn)
        return frames, world.report()["flows"], {queue.name: queue.port for queue in queues}


def wait_ms(frames: list[Frame], port: int) -> float:
    """The median delay of the probes to a port, once its stream has warmed up."""
    after = frames[0][1] + WARM_UP_S * SECOND
    return median(probe.delay_ms for probe in arrivals(frames, "server")[port] if probe.sent > after)


def rate_bps(frames: list[Frame], port: int) -> float:
    """The results of the stream to a port and its probes, after the warm-up."""
    own = [frame for frame in frames if frame[0][IP + 22 : IP + 24] == port.to_bytes(2)]
    seconds = SECONDS - WARM_UP_S - 0.5
    return 8 * bytes_within(own, WARM_UP_S, seconds) / seconds


def marked(frames: list[Frame]) -> dict[int, int]:
    """The number of ECN-marked packets to each port."""
    found: dict[int, int] = {}
    for buffer, _ in frames:
        if buffer[IP] >> 4 == 4 and buffer[IP + 1] & 3 == _CE:
            port = int.from_bytes(buffer[IP + 22 : IP + 24])
            found[port] = found.get(port, 0) + 1
    return found


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

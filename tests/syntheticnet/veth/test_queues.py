"""Queues at a bottleneck under a real TCP stream: how long packets wait with each discipline, with drops and marks."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from struct import unpack_from
from typing import Any

import pytest

from syntheticnet.forwarder.port import Frame
from syntheticnet.packets.packet import IP

from ..builders import SECOND
from .lanes import arrivals, undisturbed
from .traffic import bytes_within, numbered, paced
from .world import BOTH, World

pytestmark = [pytest.mark.veth, pytest.mark.issue(15)]

RATE_BPS = 5_000_000
OWN_MS = 1514 * 8000 / RATE_BPS
"""How long the link is busy with a full-size packet."""
RATE = {"rate": "5mbit"}
QUEUES: dict[str, dict[str, Any]] = {
    "droptail": RATE,
    "codel": RATE | {"aqm": "codel"},
    "ecn": RATE | {"aqm": "codel", "ecn": True, "queue": "1s"},  # marks alone must keep it short
    "fq_codel": RATE | {"aqm": "fq_codel"},
    "fq_ecn": RATE | {"aqm": "fq_codel", "ecn": True},
    "pie": RATE | {"aqm": "pie"},
}
SECONDS, WARM_UP_S = 5, 1.5
LONG_S, PATH_MS = 20, 40  # CoDel's interval suits round trips up to 100 ms, but none of a fraction of its target
_IP_TOS, _ECT, _CE = 1, 2, 3
_SO_SNDBUFFORCE = 32
_TCP_INFO_RTT = 68  # linux/tcp.h: the smoothed round-trip time, in microseconds


@pytest.fixture
def marking(fresh: World) -> World:
    """A world whose endpoints negotiate ECN."""
    for side in BOTH:
        with fresh.inside(side):
            Path("/proc/sys/net/ipv4/tcp_ecn").write_text("1")
    return fresh


class Queue:
    """A TCP stream through its own bottleneck, with UDP probes that measure the wait of a sparse flow beside it."""

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
        self.round_trips_ms: list[float] = []

    def flow(self, back: str) -> dict[str, Any]:
        """The flow, whose acknowledgements take `back`."""
        links = {"egress": QUEUES[self.name], "ingress": {"latency": back}}
        return {self.name: {"match": f"*:*:{self.port}", **links}}

    def turn(self, n: int) -> None:
        """Keep the stream going, and now and then send a probe and look at the stream's round trips."""
        if n % 10 == 0:
            self._probes.send(numbered(n))
        if n % 50 == 0 and n >= WARM_UP_S * 1000:
            info = self._away.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
            self.round_trips_ms.append(unpack_from("I", info, _TCP_INFO_RTT)[0] / 1000)
        for act in (lambda: self._away.send(bytes(1 << 16)), lambda: self._toward.recv(1 << 20)):
            try:
                act()
            except BlockingIOError:
                continue


@dataclass
class Streamed:
    """What was seen at one queue."""

    waits_ms: list[float]
    """Of the probes, after the warm-up."""
    round_trips_ms: list[float]
    """Of the stream, as its sender smooths them."""
    rate_bps: float
    marks: int
    dropped: dict[str, int]

    @property
    def wait_ms(self) -> float:
        return median(self.waits_ms)


def test_queues_under_tcp(marking: World) -> None:
    """Six streams at once, through 5 mbit each. With droptail packets wait long, with CoDel and PIE a fraction of it;
    with ECN they are marked instead of dropped, to the same effect; with FQ-CoDel a sparse flow hardly waits; and all
    streams use their rate."""
    seen = undisturbed(marking, lambda: streamed(marking, list(QUEUES), SECONDS))
    longest = seen["droptail"].wait_ms
    assert longest > 50  # 200 ms when full, and half of it when Reno has halved its window
    for name in ("codel", "ecn", "fq_codel", "fq_ecn", "pie"):
        assert seen[name].wait_ms < longest / 4, name
        assert median(seen[name].round_trips_ms) < median(seen["droptail"].round_trips_ms) / 4, name
    for name in ("fq_codel", "fq_ecn"):
        assert seen[name].wait_ms < 2 * OWN_MS  # for the packet being sent, and its own bits
    causes = {name: set(one.dropped) for name, one in seen.items()}
    ecn: dict[str, set[str]] = {"ecn": set(), "fq_ecn": set()}
    assert causes == {"droptail": {"queue"}, "codel": {"codel"}, "fq_codel": {"codel"}, "pie": {"pie"}} | ecn
    assert {name for name, one in seen.items() if one.marks >= 5} == ecn.keys()
    assert {name for name, one in seen.items() if one.marks} == ecn.keys()
    for name, one in seen.items():
        # Reno whose queue is empty when it halves its window fills three quarters of the link; a queue helps it.
        assert 0.75 < one.rate_bps / RATE_BPS < 1.02, name


@pytest.mark.soak
@pytest.mark.parametrize(
    ("name", "least_ms", "most_ms"),
    [("droptail", 100, 205), ("codel", 0, 7.5), ("fq_codel", 0, 7.5), ("pie", 7.5, 22.5)],
)
def test_one_stream_waits_as_long_as_its_queue_aims_for(
    marking: World, name: str, least_ms: float, most_ms: float
) -> None:
    """The stream's own packets, over 20 s and a path of 40 ms: half to all of a droptail queue, and within half of a
    target. The sparse flow beside it gets through within a few ms with FQ-CoDel alone."""
    seen = undisturbed(marking, lambda: streamed(marking, [name], LONG_S, PATH_MS))[name]
    assert least_ms <= median(seen.round_trips_ms) - PATH_MS - OWN_MS <= most_ms
    worst = quantiles(seen.waits_ms, n=20)[-1]
    assert (worst < 3 * OWN_MS) == (name == "fq_codel")


def streamed(world: World, names: Sequence[str], seconds: int, back_ms: int = 0) -> dict[str, Streamed]:
    """Streams through these queues, all at once."""
    frames: list[Frame] = []
    with ExitStack() as cleanup:
        queues = [Queue(world, name, cleanup) for name in names]
        world.configure(flows={name: flow for queue in queues for name, flow in queue.flow(f"{back_ms}ms").items()})
        taken = cleanup.enter_context(world.capture("server"))

        def turn(n: int) -> None:
            for queue in queues:
                queue.turn(n)
            frames.extend(taken())

        paced(seconds * 1000, 1000, turn)
        flows = world.report()["flows"]
    return {queue.name: seen_at(queue, frames, seconds, flows[queue.name]["egress"]["dropped"]) for queue in queues}


def seen_at(queue: Queue, frames: list[Frame], seconds: int, dropped: dict[str, int]) -> Streamed:
    warm = frames[0][1] + WARM_UP_S * SECOND
    own = [frame for frame in frames if frame[0][IP + 22 : IP + 24] == queue.port.to_bytes(2)]
    lasts_s = seconds - WARM_UP_S - 0.5
    return Streamed(
        [probe.delay_ms for probe in arrivals(own, "server")[queue.port] if probe.sent > warm],
        queue.round_trips_ms,
        8 * bytes_within(own, WARM_UP_S, lasts_s) / lasts_s,
        sum(buffer[IP] >> 4 == 4 and buffer[IP + 1] & 3 == _CE for buffer, _ in own),
        dropped,
    )

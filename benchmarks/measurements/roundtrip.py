"""Round-trip time of paced datagrams through the path to an echo server, measured by the sender."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.syntheticnet.veth.world import ADDRESSES

from ..errors import Failed
from ..figure import Figure, Values
from ..goal import Goal
from ..pacer import pace
from ..process import ended
from ..summary import percentile
from ..testbed import ROOT, Kind, Testbed

PER_SECOND, SECONDS = 1000, 1.5
_PATIENCE_S = 2.0


@dataclass(frozen=True)
class RoundTrip:
    goal: Goal
    name: str = "rtt"
    kinds: Sequence[Kind] = ("bridge", "forwarder")

    @property
    def figures(self) -> Sequence[Figure]:
        return [
            Figure("p50_ms", f"RTT at {PER_SECOND}/s, p50", "ms", self.goal, digits=3),
            Figure("p99_ms", f"RTT at {PER_SECOND}/s, p99", "ms", digits=3),
        ]

    def run(self, testbed: Testbed, kind: Kind) -> Values:
        testbed.put(kind)
        testbed.impose({})
        with _echo(testbed) as port, testbed.udp("client") as client:
            client.settimeout(_PATIENCE_S)
            client.connect((ADDRESSES["server"][4], port))
            _await_echo(client)
            trips = sorted(_trips_ms(client))
        return {"p50_ms": percentile(trips, 0.5), "p99_ms": percentile(trips, 0.99), "most_ms": trips[-1]}


def _trips_ms(client: socket.socket) -> list[float]:
    trips = []

    def send_one(_: int) -> None:
        start = time.monotonic_ns()
        client.send(b"x" * 64)
        client.recv(128)
        trips.append((time.monotonic_ns() - start) / 1e6)

    try:
        pace(round(PER_SECOND * SECONDS), PER_SECOND, send_one)
    except TimeoutError:
        raise Failed("an echo was lost") from None
    return trips


def _await_echo(client: socket.socket) -> None:
    try:
        client.send(b"ready?")
        client.recv(128)
    except TimeoutError:
        raise Failed("the echo did not start") from None


@contextmanager
def _echo(testbed: Testbed) -> Iterator[int]:
    """Run an echo server on the server's side in a separate process; yields its port."""
    with testbed.udp("server") as server:
        server.setblocking(True)
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.echo", str(server.fileno())],
            pass_fds=[server.fileno()],
            cwd=ROOT,
            start_new_session=True,
        )
        try:
            yield server.getsockname()[1]
        finally:
            ended(process)

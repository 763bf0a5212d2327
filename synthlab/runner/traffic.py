"""Competing traffic: a source in one container of a lab and a sink in another, carried in and ended by us.

What is sent and received in a client's container goes through its conditions, as its application's traffic does. Beside
a media server of any image a sidecar is put, a container of ours that shares its network.
"""

from __future__ import annotations

import contextlib
import io
import json
import select
import subprocess
from collections.abc import Sequence
from typing import IO

from ..control.container_lookup import network_of
from ..engine.api import EngineApi, Process
from ..engine.clock import MACHINE, Clock
from ..engine.containers import Container
from ..engine.exec import end, last_line
from ..errors import SynthlabError
from ..scenario.actions import Traffic
from ..text.durations import seconds_of

START_S = 20.0
GRACE_S = 5.0
"""A sink lives longer than its source by this, and by what it takes to start that."""
STOP_S = 0.4
USUAL_CONGESTION = "cubic,reno"
"""The first of these that can be had: a scenario's verdict must not depend on a machine's default."""


def start_traffic(
    engine: EngineApi, traffic: Traffic, members: Sequence[Container], clock: Clock = MACHINE
) -> RunningTraffic:
    """Begin to send, among the containers of one lab; the traffic ends by itself when its time is over, or we are.

    Raises SynthlabError where it cannot begin. A TCP source that finds no way through the network tries on.
    """
    client, target = _container(traffic.client, members), _container(traffic.target, members)
    sender, receiver = (target, client) if traffic.reverse else (client, target)
    sink = _run(engine, receiver, "traffic_sink", traffic.protocol, seconds_of(traffic.for_ns) + GRACE_S + START_S)
    try:
        port = _first_line(traffic, receiver, sink)
        where = (receiver.address, port)
        wanted = traffic.congestion or USUAL_CONGESTION
        arguments = (traffic.protocol, *where, seconds_of(traffic.for_ns), traffic.rate_bps or 0, wanted)
        source = _run(engine, sender, "traffic_source", *arguments, chooses=traffic.protocol == "tcp")
    except BaseException:
        end(sink, STOP_S)
        raise
    running = RunningTraffic(traffic, source, sink, clock=clock)
    try:
        running.congestion = _first_line(traffic, sender, source).removeprefix("sending").strip()
    except BaseException:
        running.stop()
        raise
    return running


class RunningTraffic:
    """Traffic that goes on by itself until `ends_ns` of the clock. `congestion` is what TCP uses; else empty.

    Known once it has ended: `sent` and `received`, its bytes without headers; of datagrams also the median delay, and
    the rate of the frames that came.
    """

    def __init__(
        self, traffic: Traffic, source: Process, sink: Process, congestion: str = "", clock: Clock = MACHINE
    ) -> None:
        self._traffic = traffic
        self._source = source
        self._sink = sink
        self._clock = clock
        self.ends_ns = clock.now_ns() + traffic.for_ns
        self._stopped = False
        self._error: str | None = None
        self.congestion = congestion
        self.sent: int | None = None
        self.received: int | None = None
        self.delay_p50_ms: float | None = None
        self.rate_bps: float | None = None

    def stop(self) -> None:
        """End both ends, if they have not ended yet; waits for a second at the most."""
        if self._stopped:
            return
        self._error = self.error()
        self._stopped = True
        sent, came = _ended(self._source), _ended(self._sink)
        self.sent = int(sent) if sent else None
        if came:
            arrived = json.loads(came)
            self.received = arrived["bytes"]
            self.delay_p50_ms, self.rate_bps = arrived["delay_p50_ms"], arrived["rate_bps"]

    def error(self) -> str | None:
        """Why the traffic ended before its time, or never got anywhere; None where all is well."""
        if self._stopped or self._error:
            return self._error
        for process in (self._source, self._sink):
            status = process.poll()
            if status or (status is not None and self._clock.now_ns() < self.ends_ns):
                self._error = f"{self._traffic}: {_last_words(process)}"
                break
        return self._error


def _container(name: str, members: Sequence[Container]) -> Container:
    """The running container in whose network a member of the lab is; raises SynthlabError."""
    container = network_of(members[0].lab if members else "", members, name)
    if container.state != "running" or not container.address:
        raise SynthlabError(f"no traffic from or to {name}: it does not run ({container.status})")
    return container


def _run(engine: EngineApi, container: Container, program: str, *arguments: object, chooses: bool = False) -> Process:
    """Where it `chooses` TCP's congestion control, it is started with what the kernel wants for that: NET_ADMIN."""
    if container.conditioned:
        return engine.start_program(container, program, arguments, user="root" if chooses else "application")
    return engine.start_sidecar(container, program, arguments, net_admin=chooses)


def _first_line(traffic: Traffic, container: Container, process: Process) -> str:
    """What a program says as soon as it works; raises SynthlabError with what it says in its place."""
    assert process.stdout
    ready, _, _ = select.select([process.stdout], [], [], START_S)
    line = process.stdout.readline() if ready else b""
    if not line:
        said = _last_words(process) if ready else f"nothing within {START_S:g} s"
        raise SynthlabError(f"{traffic}: it could not begin in {container.title}: {said}")
    return line.decode().strip()


def _last_words(process: Process) -> str:
    """What it has said at its end, which has come or is just coming."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S)
    return last_line(_rest(process.stderr)) or f"it ended with status {process.returncode}"


def _ended(process: Process) -> str:
    """What a program that is ended says as its last words."""
    assert process.stdin
    with contextlib.suppress(OSError):
        process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S)
    said = last_line(_rest(process.stdout))
    end(process, 0.0)
    return said


def _rest(stream: IO[bytes] | None) -> bytes:
    """What has been written so far, without waiting for more."""
    assert isinstance(stream, io.BufferedReader)
    written = b""
    while select.select([stream], [], [], 0)[0] and (piece := stream.read1()):
        written += piece
    return written

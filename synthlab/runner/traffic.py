"""Competing traffic: starts a source in one container of a lab and a sink in another, and stops both.

Traffic in a client's container passes through its conditions, like that of its application. For a media server, whose
image can be anything, the program runs in a sidecar that shares its network.
"""

from __future__ import annotations

import contextlib
import io
import json
import select
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from typing import IO

from ..control.container_lookup import network_of
from ..engine.api import EngineApi, Process
from ..engine.clock import MACHINE, Clock
from ..engine.containers import Container
from ..engine.exec import end, last_line
from ..errors import SynthlabError
from ..scenario.actions import Traffic
from ..text.durations import seconds_of
from .traffic_arrivals import TrafficArrivals

START_S = 20.0
GRACE_S = 5.0
"""A sink outlives its source by this and by START_S."""
STOP_S = 0.4
USUAL_CONGESTION = ("cubic", "reno")
"""The first available one is used: a verdict must not depend on the machine's default."""


def start_traffic(
    engine: EngineApi, traffic: Traffic, members: Sequence[Container], clock: Clock = MACHINE
) -> RunningTraffic:
    """Start traffic between two containers of a lab; it ends after its time, or when this process ends.

    Raises SynthlabError if it does not start. A TCP source that cannot connect keeps trying.
    """
    sender, receiver = (_container(name, members) for name in traffic.ends)
    lasts_s = seconds_of(traffic.for_ns) + GRACE_S + START_S
    sink = run_program(engine, receiver, "traffic_sink", traffic.protocol, len(traffic.flows), lasts_s)
    try:
        ports = [int(port) for port in first_line(traffic, receiver, sink).split()]
        source = _start_source(engine, traffic, sender, receiver.address, ports)
    except BaseException:
        end(sink, STOP_S)
        raise
    running = RunningTraffic(traffic, source, sink, clock=clock)
    try:
        running.congestion = _control(traffic, sender, source)
    except BaseException:
        running.stop()
        raise
    return running


def refuse_unavailable(engine: EngineApi, traffic: Traffic, members: Sequence[Container]) -> None:
    """Raise SynthlabError if the sender's kernel does not have the congestion control that traffic names."""
    sender = _container(traffic.ends[0], members)
    source = _start_source(engine, replace(traffic, flows=(), for_ns=0), sender, "", ())
    try:
        _control(traffic, sender, source)
    finally:
        end(source, STOP_S)


def _start_source(
    engine: EngineApi, traffic: Traffic, sender: Container, address: str, ports: Sequence[int]
) -> Process:
    source = run_program(engine, sender, "traffic_source", chooses=traffic.protocol == "tcp")
    ask(source, traffic, address, ports)
    return source


def ask(source: Process, traffic: Traffic, address: str, ports: Sequence[int]) -> None:
    """Tell a traffic source what to send where; one port for each flow."""
    asked = {
        "protocol": traffic.protocol,
        "address": address,
        "ports": list(ports),
        "seconds": seconds_of(traffic.for_ns),
        "bps": traffic.rate_bps or 0,
        "congestion": [traffic.congestion] if traffic.congestion else list(USUAL_CONGESTION),
        "flows": [[transfer.to_dict() for transfer in transfers] for transfers in traffic.flows],
    }
    assert source.stdin
    # It may end without reading: its last words say why.
    with contextlib.suppress(BrokenPipeError):
        source.stdin.write(json.dumps(asked).encode() + b"\n")
        source.stdin.flush()


def _control(traffic: Traffic, sender: Container, source: Process) -> str:
    """The congestion control that a source reports at its start, as its socket has it; "" for UDP."""
    return first_line(traffic, sender, source).removeprefix("sending").strip()


class RunningTraffic:
    """Traffic that runs until `ends_ns` by the clock. `congestion` is TCP's congestion control, "" for UDP.

    Set by `stop`: `sent` and `received`, in payload bytes; for UDP also the median delay and the rate of the received
    frames.
    """

    def __init__(
        self, traffic: Traffic, source: Process, sink: Process, congestion: str = "", clock: Clock = MACHINE
    ) -> None:
        self._source = source
        self._sink = sink
        self._clock = clock
        assert sink.stdout
        self._arrivals = TrafficArrivals(sink.stdout, clock)
        self.traffic = traffic
        self.ends_ns = clock.now_ns() + traffic.for_ns
        self._stopped = False
        self._error: str | None = None
        self.congestion = congestion
        self.sent: int | None = None
        self.received: int | None = None
        self.delay_p50_ms: float | None = None
        self.rate_bps: float | None = None

    def stop(self) -> None:
        """Stop source and sink if they still run; takes at most a second."""
        if self._stopped:
            return
        self._error = self.error()
        self._stopped = True
        # The source first, so that the sink still receives what is on its way.
        _close(self._source)
        sent = last_line(_rest(self._source.stdout))
        end(self._source, 0.0)
        self.sent = int(sent) if sent else None
        _close(self._sink)
        if came := self._arrivals.last(STOP_S):
            self.received = sum(came["bytes"])
            self.delay_p50_ms, self.rate_bps = came.get("delay_p50_ms"), came.get("rate_bps")
        end(self._sink, 0.0)

    def rates_bps(self) -> Sequence[float] | None:
        """The payload of each flow that arrived in the last second, in bit/s; None if not known, or once it is over."""
        over = self._stopped or self._clock.now_ns() > self.ends_ns
        return None if over else self._arrivals.rates_bps()

    def error(self) -> str | None:
        """Why the traffic failed or ended early; None if it did not."""
        if self._stopped or self._error:
            return self._error
        # A source ends by its own time, with status 0: before `ends_ns` if a busy machine has read its start late.
        if self._source.poll():
            self._error = f"{self.traffic}: {_last_words(self._source)}"
        elif self._sink.poll() is not None and self._clock.now_ns() < self.ends_ns:
            self._error = f"{self.traffic}: {_last_words(self._sink)}"
        return self._error


def _container(name: str, members: Sequence[Container]) -> Container:
    """The running container whose network `name` uses; raises SynthlabError."""
    container = network_of(members[0].lab if members else "", members, name)
    if container.state != "running" or not container.address:
        raise SynthlabError(f"no traffic from or to {name}: its container is not running ({container.status})")
    return container


def run_program(
    engine: EngineApi, container: Container, program: str, *arguments: object, chooses: bool = False
) -> Process:
    """Start a program in a container or its sidecar. Choosing the congestion control (`chooses`) needs NET_ADMIN."""
    if container.conditioned:
        return engine.start_program(container, program, arguments, user="root" if chooses else "application")
    return engine.start_sidecar(container, program, arguments, net_admin=chooses)


def first_line(what: object, container: Container, process: Process) -> str:
    """The line a program prints once it works; raises SynthlabError with its error otherwise."""
    assert process.stdout
    ready, _, _ = select.select([process.stdout], [], [], START_S)
    line = process.stdout.readline() if ready else b""
    if not line:
        reason = _last_words(process) if ready else f"no output within {START_S:g} s"
        raise SynthlabError(f"{what}: failed to start in {container.title}: {reason}")
    return line.decode().strip()


def _last_words(process: Process) -> str:
    """The last line of stderr of a process that has ended or is about to."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S)
    return last_line(_rest(process.stderr)) or f"ended with status {process.returncode}"


def _close(process: Process) -> None:
    """Close a process's stdin, which ends it, and wait a moment."""
    assert process.stdin
    with contextlib.suppress(OSError):
        process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S)


def _rest(stream: IO[bytes] | None) -> bytes:
    """Everything written so far, without waiting for more."""
    assert isinstance(stream, io.BufferedReader)
    written = b""
    while select.select([stream], [], [], 0)[0] and (piece := stream.read1()):
        written += piece
    return written

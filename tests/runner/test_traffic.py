"""Competing traffic: its pace on a hand-moved clock, its programs on loopback, and how it ends."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Literal

import pytest

from synthlab.engine import exec
from synthlab.engine.containers import Container
from synthlab.engine.guest.traffic_sink import Arrivals
from synthlab.engine.guest.traffic_source import STAMP, paced
from synthlab.errors import SynthlabError
from synthlab.runner.traffic import RunningTraffic, ask, refuse_unavailable, start_traffic
from synthlab.scenario.actions import Congestion, Traffic
from synthlab.scenario.expression import jain
from synthlab.scenario.traffic_patterns import OnOff, Pattern, Steady, VideoOnDemand, WebPages
from synthlab.testing import FakeEngine, fake_companion, fake_container
from synthlab.text.durations import SECOND_NS, ns_of

from ..standstill import Standstill

PIECE = 1 << 16  # what is sent at once: the last one may have gone in part, and is not counted as sent
STEADY = Steady()
INSIDE = Path(exec.__file__).parent / "guest"


class Clock:
    """A clock that only moves by sleeping and by taking time."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def times(rate: float, seconds: float, late: dict[int, float] | None = None) -> list[float]:
    """When pieces of 1250 bytes are sent; number N takes `late[N]` longer."""
    clock = Clock()
    sent = []
    for number, _ in enumerate(paced(1250, rate, 100 + seconds, clock.now, clock.sleep)):
        sent.append(round(clock.time - 100, 6))
        clock.time += (late or {}).get(number, 0.0)
    return sent


def test_pace() -> None:
    """10,000 bits at 1 Mbit/s are sent every 10 ms, from start to end."""
    assert times(1e6, 0.05) == [0.0, 0.01, 0.02, 0.03, 0.04]


def test_a_late_piece_delays_no_other() -> None:
    """A delay of 25 ms is caught up: due times are fixed."""
    assert times(1e6, 0.06, late={1: 0.025}) == [0.0, 0.01, 0.035, 0.035, 0.04, 0.05]


def test_who_was_kept_for_long_sends_no_burst() -> None:
    """After a stall of one second, a tenth of it is caught up."""
    sent = times(1e6, 1.05, late={0: 1.0})
    assert [time for time in sent if time == 1.0] == [1.0] * 11
    assert sent[12:] == [1.01, 1.02, 1.03, 1.04]


def test_the_wait_ends_with_the_time() -> None:
    """The source does not wait past the end for a piece due later."""
    clock = Clock()
    assert len(list(paced(1250, 1000, 103, clock.now, clock.sleep))) == 1
    assert clock.time == 103


def run(program: str, *arguments: object) -> subprocess.Popen[bytes]:
    return exec.start([sys.executable, "-I", str(INSIDE / f"{program}.py"), *map(str, arguments)])


def line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout
    return process.stdout.readline().decode().strip()


def begun(
    protocol: Literal["tcp", "udp"],
    seconds: float,
    bps: float,
    port: int | None = None,
    congestion: Congestion | None = None,
    late_s: float = 0.0,
    flows: int = 1,
    pattern: Pattern = STEADY,
) -> RunningTraffic:
    """Traffic on loopback, whose start is read so late."""
    traffic = Traffic(
        client="client1",
        target="client2",
        protocol=protocol,
        rate_bps=bps or None,
        for_ns=ns_of(seconds),
        congestion=congestion,
        pattern=pattern,
        flows=tuple(tuple(pattern.transfers(ns_of(seconds), Random(number))) for number in range(flows)),
    )
    sink = run("traffic_sink", protocol, flows, 30)
    listens = [int(one) for one in line(sink).split()]
    source = run("traffic_source")
    ask(source, traffic, "127.0.0.1", [port] if port else listens)
    time.sleep(late_s)
    said = line(source)
    assert said.startswith("sending")
    return RunningTraffic(traffic, source, sink, said.removeprefix("sending").strip())


@pytest.fixture
def udp() -> Iterator[RunningTraffic]:
    traffic = begun("udp", 30, 1e6)
    yield traffic
    traffic.stop()


def test_datagrams_at_a_rate() -> None:
    """Two seconds of 960 kbit/s are 200 datagrams of 1200 bytes; all arrive, and it ends without an error."""
    traffic = begun("udp", 2, 960_000)
    traffic._source.wait(10)
    traffic.stop()
    assert traffic.error() is None
    assert traffic.sent == traffic.received
    assert traffic.sent is not None
    assert traffic.sent % 1200 == 0
    assert 100 * 1200 <= traffic.sent <= 200 * 1200  # each time that the machine stands still beyond 0.1 s costs some
    assert traffic.delay_p50_ms is not None
    assert 0 < traffic.delay_p50_ms < 100
    assert traffic.rate_bps


def test_a_start_that_is_read_late() -> None:
    """On a busy machine the source may have ended before its start is read: that is no error."""
    traffic = begun("udp", 0.2, 960_000, late_s=0.5)
    traffic._source.wait(10)
    assert traffic.error() is None
    traffic.stop()
    assert traffic.error() is None
    assert traffic.sent


def test_what_arrives() -> None:
    """The median delay, and the rate of the frames: the first one's bits came before its arrival."""
    arrivals = Arrivals()
    assert arrivals.summary() == {"delay_p50_ms": None, "rate_bps": None}
    for number, delay_s in enumerate((0.04, 0.05, 0.09)):
        arrivals.note(STAMP.pack(100 + number - delay_s) + bytes(1192), 100.0 + number)
    delay_ms, rate_bps = arrivals.summary().values()
    assert delay_ms == pytest.approx(50)
    assert rate_bps == 1242 * 8


def test_all_that_tcp_gets() -> None:
    """Without a rate nothing is paced: loopback exceeds 100 Mbit/s by far."""
    traffic = begun("tcp", 30, 0)
    time.sleep(0.5)
    traffic.stop()
    assert traffic.received is not None
    assert traffic.sent is not None
    assert 0.5 * 100e6 / 8 < traffic.received <= traffic.sent + PIECE
    assert (traffic.delay_p50_ms, traffic.rate_bps) == (None, None)


def test_tcp_at_a_rate() -> None:
    """TCP is paced too: two seconds of 8 Mbit/s are 2 MB, in pieces of 5 kB."""
    traffic = begun("tcp", 2, 8e6)
    traffic._source.wait(10)
    traffic.stop()
    assert traffic.sent is not None
    assert 1_000_000 <= traffic.sent <= 2_000_000


def test_flows_are_counted_apart() -> None:
    """Each flow has a connection of its own, and what arrived of each in the last second is its rate."""
    traffic = begun("tcp", 30, 4e6, flows=4)
    try:
        assert traffic.rates_bps() is None  # no second has passed
        time.sleep(2.5)
        rates = traffic.rates_bps()
        assert rates is not None
        assert len(rates) == 4
        # A machine that stands still for a moment costs each of them a part.
        assert all(2e6 < rate < 5e6 for rate in rates), rates
        assert jain(rates) == pytest.approx(1, abs=0.1)
    finally:
        traffic.stop()
    assert traffic.rates_bps() is None


def test_on_and_off() -> None:
    """One connection sends for a second and pauses for a second: half of what it would have sent arrives."""
    with Standstill() as machine:
        traffic = begun("tcp", 4, 4e6, pattern=OnOff(on_ns=SECOND_NS, off_ns=SECOND_NS, paused=True))
        traffic._source.wait(10)
        traffic.stop()
    assert traffic.error() is None
    assert traffic.received is not None
    assert (2 - machine.lost_s) * 4e6 / 8 * 0.9 <= traffic.received <= 2 * 4e6 / 8 * 1.1


def test_datagrams_on_and_off() -> None:
    """The same for datagrams."""
    with Standstill() as machine:
        traffic = begun("udp", 4, 4e6, pattern=OnOff(on_ns=SECOND_NS, off_ns=SECOND_NS))
        traffic._source.wait(10)
        traffic.stop()
    assert traffic.received is not None
    assert (2 - machine.lost_s) * 4e6 / 8 * 0.9 <= traffic.received <= 2 * 4e6 / 8 * 1.1


def test_chunks_of_a_video() -> None:
    """Each chunk is fetched once, whole, at its time: 4 s of 8 Mbit/s in chunks of a second are 4 MB."""
    traffic = begun("tcp", 4, 0, pattern=VideoOnDemand(rate_bps=8e6, chunk_ns=SECOND_NS))
    traffic._source.wait(10)
    traffic.stop()
    assert traffic.received == traffic.sent == 4_000_000


def test_pages_of_the_web() -> None:
    """All files of a page are fetched at once, each over a connection of its own; then there is a pause."""
    pattern = WebPages(files=7)
    traffic = begun("tcp", 3, 0, pattern=pattern)
    (transfers,) = traffic.traffic.flows
    traffic._source.wait(10)
    traffic.stop()
    assert traffic.error() is None
    pages = [sum(transfer.files) for transfer in transfers]
    assert traffic.received in list(itertools.accumulate(pages))
    assert 7 * 30_000 <= pages[0] <= 7 * 50_000


def test_stopping(udp: RunningTraffic) -> None:
    """Stopping ends both sides within a second without an error; stopping again does nothing."""
    start = time.monotonic()
    with Standstill() as machine:
        udp.stop()
        udp.stop()
    assert time.monotonic() - start < 1 + machine.lost_s
    assert udp.error() is None
    assert (udp._source.poll(), udp._sink.poll()) == (0, 0)


def test_an_end_that_dies(udp: RunningTraffic) -> None:
    """A side that ends early is an error, also after the stop."""
    assert udp.error() is None
    udp._sink.kill()
    udp._sink.wait()
    message = "traffic udp client1 -> client2, 1000kbit, for 30s: ended with status -9"
    assert udp.error() == message
    udp.stop()
    assert udp.error() == message


def test_tcp_without_a_way() -> None:
    """A source keeps trying until its time is over, and then reports that it never connected."""
    with socket.socket() as held:  # by nobody else, and it does not listen
        held.bind(("127.0.0.1", 0))
        refused_at(held.getsockname()[1])


def refused_at(port: int) -> None:
    traffic = begun("tcp", 0.5, 0, port=port)
    assert traffic.error() is None
    traffic._source.wait(10)
    message = traffic.error()
    assert message is not None
    assert message.endswith("no connection to 127.0.0.1: [Errno 111] Connection refused")
    traffic.stop()


def test_who_does_not_run() -> None:
    """Traffic requires both containers to run; otherwise nothing is started."""
    stopped = replace(fake_container("call", "client2"), state="exited", status="Exited (0)")
    running = replace(fake_container("call", "client1"), address="10.0.0.2")
    traffic = Traffic(client="client1", target="client2", protocol="udp", rate_bps=1e6, for_ns=5 * SECOND_NS)
    with pytest.raises(
        SynthlabError, match=r"no traffic from or to client2: its container is not running \(Exited \(0\)\)"
    ):
        start_traffic(FakeEngine(), traffic, [running, stopped])


@pytest.mark.issue(11)
def test_to_a_conditioned_server() -> None:
    """A server's traffic uses its companion's network, whether or not the server runs."""
    client = replace(fake_container("call", "client1"), address="10.0.0.2")
    server = replace(fake_container("call", "turn"), role="service", address="10.0.0.3")
    companion = replace(fake_companion("call", "turn"), state="exited", status="Exited (7)")
    traffic = Traffic(client="client1", target="turn", protocol="udp", rate_bps=1e6, for_ns=5 * SECOND_NS)
    with pytest.raises(
        SynthlabError, match=r"no traffic from or to turn: its container is not running \(Exited \(7\)\)"
    ):
        start_traffic(FakeEngine(), traffic, [companion, server, client])


def test_a_sidecar_may_do_nothing() -> None:
    """A sidecar joins the container's network, has the lab's labels and no rights, and removes itself."""
    command = exec.sidecar_arguments(fake_container("call", "sfu"), "traffic_sink", ("udp", 3))
    options = command[: command.index("syntheticnet:latest")]
    assert options == [
        *("run", "--interactive", "--rm", "--pull", "never", "--init", "--no-healthcheck"),
        *("--label", "synthlab.lab=call", "--label", "synthlab.role=sidecar", "--label", "synthlab.made-by="),
        *("--network", "container:call/sfu", "--read-only", "--user", "65534"),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--entrypoint", "/opt/synthlab/bin/python"),
    ]
    assert command[-2:] == ["udp", "3"]


@pytest.mark.issue(10)
def test_a_sidecar_that_sends_tcp_may_choose_its_congestion_control() -> None:
    """It has NET_ADMIN and no other capability."""
    command = exec.sidecar_arguments(fake_container("call", "sfu"), "traffic_source", ("tcp",), net_admin=True)
    rights = command[command.index("--read-only") : command.index("--security-opt")]
    assert rights == ["--read-only", "--user", "0", "--cap-add", "NET_ADMIN", "--cap-drop", "ALL"]


@pytest.mark.issue(10)
@pytest.mark.parametrize(("wanted", "got"), [(None, "cubic"), ("reno", "reno"), ("bbr", "bbr")])
def test_the_congestion_control_is_not_the_machines(wanted: Congestion | None, got: str) -> None:
    """The sockets of all flows have the requested congestion control, whatever the machine's default."""
    traffic = begun("tcp", 30, 1e6, congestion=wanted, flows=3)
    try:
        assert traffic.congestion == got
        assert _controls_of(traffic._source.pid, 3) == [got] * 3
    finally:
        traffic.stop()


def _controls_of(pid: int, count: int) -> list[str]:
    """The kernel's listing of a process's established connections, once there are so many."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        listed = subprocess.run(["ss", "-Htipn", "state", "established"], capture_output=True, text=True, check=True)
        lines = listed.stdout.splitlines()
        found = [after.split()[0] for head, after in itertools.pairwise(lines) if f"pid={pid}," in head]
        if len(found) == count:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not {count} connections of {pid}")


@pytest.mark.issue(10)
def test_a_congestion_control_that_cannot_be_had() -> None:
    """An unavailable one is rejected in one line with the available ones, and nothing is sent."""
    source = run("traffic_source")
    asked = {"protocol": "tcp", "address": "127.0.0.1", "ports": [], "seconds": 5, "bps": 0, "flows": []}
    out, error = source.communicate(json.dumps({**asked, "congestion": ["nonsense"]}).encode(), timeout=10)
    assert (source.returncode, out) == (1, b"")
    message = "congestion control nonsense is not available; this kernel has: "
    assert error.decode().startswith(message)
    assert "reno" in error.decode().removeprefix(message)
    assert error.count(b"\n") == 1


class LocalEngine(FakeEngine):
    """Runs the programs of its containers on this machine."""

    def start_program(
        self, container: Container, program: str, arguments: Sequence[object] = (), **_: object
    ) -> subprocess.Popen[bytes]:
        return run(program, *arguments)


@pytest.mark.issue(17)
def test_a_congestion_control_is_looked_for_before_anything_is_sent() -> None:
    """The sender's kernel is asked for the named one; one that it lacks is refused in one line with those it has."""
    members = [replace(fake_container("call", name), address="127.0.0.1") for name in ("client1", "client2")]
    traffic = Traffic(client="client1", target="client2", protocol="tcp", rate_bps=None, for_ns=SECOND_NS)
    refuse_unavailable(LocalEngine(), replace(traffic, congestion="reno"), members)
    with pytest.raises(
        SynthlabError, match=r"client1: congestion control none is not available; this kernel has: .*reno"
    ):
        refuse_unavailable(LocalEngine(), replace(traffic, congestion="none"), members)  # type: ignore[arg-type]

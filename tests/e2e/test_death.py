"""The forwarder dies or is stopped: no packet is late, and everything recovers."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from .labs import docker, docker_log, synthlab, until
from .pair import Pair, Traffic, pair_up

pytestmark = pytest.mark.docker

PORT = 5000
PACE, COUNT = 500, 2500  # five seconds of traffic


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_up("e2e-death", tmp_path_factory.mktemp("stack")) as pair:
        yield pair


def test_a_killed_forwarder_is_back_within_a_second_with_the_same_conditions(pair: Pair) -> None:
    """Less than a second of traffic is missing; `ps` counts the restart; conditions and seed are unchanged."""
    pair.set("--latency", "30ms")
    before = pair.state()
    forwarder = pair.forwarder("client2")
    sink, sending = _flowing(pair)
    os.kill(forwarder, signal.SIGKILL)
    sending.result()
    arrived = sink.result()
    assert COUNT - PACE < arrived["received"] < COUNT
    assert arrived["delays_ms"][0] > 30
    after = pair.state()
    assert after["conditions"] == before["conditions"]
    assert after["forwarder"]["restarts"] == before["forwarder"]["restarts"] + 1
    (shown,) = [row for row in pair.rows() if row["client"] == "client2"]
    assert shown["forwarder_restarts"] == after["forwarder"]["restarts"]
    pair.reset()


def test_nothing_comes_late_after_a_stop(pair: Pair) -> None:
    """Stopped for 1 s and continued: waiting packets are dropped as stalled, none is more than 0.1 s late."""
    pair.set("--ingress", "--latency", "50ms")
    forwarder = pair.forwarder("client2")
    before = pair.late()
    sink, sending = _flowing(pair)
    os.kill(forwarder, signal.SIGSTOP)
    stopped = time.monotonic()
    time.sleep(1)  # after two seconds PID 1 would replace it
    lasted = time.monotonic() - stopped
    os.kill(forwarder, signal.SIGCONT)
    sending.result()
    arrived = sink.result()
    _assert_dropped(pair.late() - before, lasted, arrived["received"])
    # 50 ms of latency, 100 ms of grace, and time for the receiver to wake up, also for the last packets in the grace.
    # Packets that were sent late after the stop would be up to three seconds late.
    assert arrived["delays_ms"][-16] < 50 + 100 + 20
    assert arrived["delays_ms"][-1] < 500
    pair.reset()


def test_a_paused_container_comes_back_clean(pair: Pair) -> None:
    """`docker pause` for 2 s: no packet that waited meanwhile is sent."""
    container = pair.container("client2")
    before = pair.late()
    sink, sending = _flowing(pair)
    subprocess.run(["docker", "pause", container], check=True, capture_output=True)
    stopped = time.monotonic()
    time.sleep(2)
    lasted = time.monotonic() - stopped
    subprocess.run(["docker", "unpause", container], check=True, capture_output=True)
    sending.result()
    _assert_dropped(pair.late() - before, lasted, sink.result()["received"])


@pytest.mark.issue(10)
@pytest.mark.parametrize("uid", ["65310", pytest.param("65311", marks=pytest.mark.soak)], ids=["forwarder", "api"])
def test_a_stopped_process_is_replaced(pair: Pair, uid: str) -> None:
    """A stopped process is replaced within seconds, with the same conditions; `show` counts it and the log says so."""
    before = pair.state()
    stopped = pair.process("client2", uid)
    os.kill(stopped, signal.SIGSTOP)
    began = time.monotonic()
    until(lambda: pair.process("client2", uid) != stopped, 8)
    lasted = time.monotonic() - began
    assert lasted > 1  # a short stop is tolerated
    until(lambda: synthlab("show", "client2", "--lab", pair.name, status=None).returncode == 0, 5)
    until(lambda: pair.state()["forwarder"]["hangs"] == before["forwarder"]["hangs"] + (uid == "65310"), 10)
    after = pair.state()
    assert after["forwarder"]["restarts"] == before["forwarder"]["restarts"] + (uid == "65310")
    assert after["conditions"] == before["conditions"]
    name = "forwarder" if uid == "65310" else "api"
    assert f"the {name} hangs: no heartbeat; killed" in docker_log(pair.container("client2"))


@pytest.mark.issue(10)
@pytest.mark.parametrize("hurt", ["pause", "kill"])
def test_healthy_again(pair: Pair, hurt: str) -> None:
    """Docker reports a client healthy within 10 s of `unpause`, and of a killed health probe."""
    container = pair.container("client2")
    until(lambda: _probe(container) > 0, 10)
    if hurt == "pause":
        docker("pause", container)
        assert _health(container) == "unhealthy"
        docker("unpause", container)
    else:
        os.kill(_probe(container), signal.SIGKILL)
        until(lambda: _health(container) == "unhealthy" or len(_probes(container)) > 1, 5)
    until(lambda: _health(container) == "healthy", 10)
    until(lambda: _probe(container) > 0, 10)  # and it sleeps again
    assert _health(container) == "healthy"


def _health(container: str) -> str:
    return docker("inspect", "-f", "{{.State.Health.Status}}", container).strip()


def _probes(container: str) -> list[str]:
    return docker("inspect", "-f", "{{range .State.Health.Log}}{{.ExitCode}} {{end}}", container).split()


def _probe(container: str) -> int:
    """The sleeping health probe's process; 0 if there is none."""
    rows = [row.split(None, 1) for row in docker("top", container, "-eo", "pid,args").splitlines()[1:]]
    return next((int(pid) for pid, command in rows if command == "sleep 3500"), 0)


def _flowing(pair: Pair) -> tuple[Traffic, Traffic]:
    """Receiver and sender of `COUNT` packets toward client2, after the first ones have arrived."""
    before = pair.state()["links"]["ingress"]["packets_in"]
    sink = pair.traffic("client2", "sink", PORT).ready()
    sending = pair.traffic("client1", "send", pair.address("client2"), PORT, COUNT, PACE, 100)
    until(lambda: pair.state()["links"]["ingress"]["packets_in"] - before >= 100, 20)
    return sink, sending


def _assert_dropped(late: int, lasted_s: float, received: int) -> None:
    """Packets sent in that time are counted as dropped, except the latest; no others are missing."""
    assert late > 0.9 * PACE * (lasted_s - 0.2)
    assert COUNT - received <= late

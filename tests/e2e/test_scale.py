"""Many light clients on one machine: time to bring them up, idle cost, and how simultaneously they change.

`make soak` runs it; SYNTHLAB_SCALE is the number of clients. Figures are printed (`pytest -s`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from synthlab.contract import project_name
from synthlab.deploy.compose_file import render
from synthlab.engine.swarm_engine import SwarmEngine as Engine
from synthlab.stack import Ports, read_stack

from .footprint import cpu_seconds, memory_mb, processes
from .labs import docker, synthlab
from .leftovers import leftovers

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.timeout(900)]

CLIENTS = int(os.environ.get("SYNTHLAB_SCALE") or 50)
LAB = "e2e-many"
PORT = 7
SAMPLE, TRIES, ROUNDS = 5, 3, 2
MOST_UP_S = 0.3  # per client, in addition to Compose
MOST_IDLE = 0.03 * CLIENTS / 50  # of one core
IDLE_S = 20.0
MOST_LATE_MS, MOST_APART_MS = 50, 5
LATENCY_MS = 40

ECHO = """\
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 7))
while True:
    s.sendto(*s.recvfrom(2048))
"""


@dataclass(frozen=True)
class Scale:
    """The lab, and the time to bring it up in each round: with plain Compose, and with `synthlab up`."""

    clients: tuple[str, ...]
    rounds: tuple[tuple[float, float], ...]


@pytest.fixture(scope="module")
def scale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scale]:
    """The running clients."""
    file = tmp_path_factory.mktemp("scale") / "scale.yaml"
    file.write_text(json.dumps({"name": LAB, "clients": {"echo": _client()}}))
    synthlab("up", str(file))  # builds outdated images
    try:
        rounds = [_round(file) for _ in range(ROUNDS)]
        yield Scale(tuple(f"echo-{number}" for number in range(1, CLIENTS + 1)), tuple(rounds))
    finally:
        start = time.monotonic()
        synthlab("down", "--lab", LAB)
        print(f"down: {time.monotonic() - start:.1f} s")
    assert leftovers(LAB) == []


def test_up(scale: Scale) -> None:
    """`up` takes at most 0.3 s per client longer than `docker compose up`, which does not wait for health.

    The best round counts, as other load can only slow a round down.
    """
    above = [(up_s - compose_s) / CLIENTS for compose_s, up_s in scale.rounds]
    for (compose_s, up_s), each in zip(scale.rounds, above, strict=True):
        print(f"{CLIENTS} clients: compose {compose_s:.1f} s, up {up_s:.1f} s: {each:.3f} s a client above it")
    assert min(above) <= MOST_UP_S


def test_memory_and_idle_cpu(scale: Scale) -> None:
    """Without traffic forwarders, APIs, PIDs 1, probes and applications together use almost no CPU."""
    pids = [pid for name in scale.clients for pid in processes(_container(name))]
    before, start = cpu_seconds(pids), time.monotonic()
    time.sleep(IDLE_S)
    used = (cpu_seconds(pids) - before) / (time.monotonic() - start)
    memory = [memory_mb(_container(name)) for name in scale.clients]
    print(f"{CLIENTS} clients idle: {used:.2%} of one core; memory {sum(memory) / CLIENTS:.1f} MB each (PSS)")
    assert used < MOST_IDLE


def test_a_change_of_all(scale: Scale) -> None:
    """A change is in force at every client within 50 ms of the agreed time, and within 5 ms of the others.

    Packets show it for a sample; the other clients report that the request was not late. Other load delays the packets
    of the measurement, so one of several changes must be in range.
    """
    addresses = [_address(scale.clients[index * CLIENTS // SAMPLE]) for index in range(SAMPLE)]
    outcomes = []
    for _ in range(TRIES):
        late_ms, after_ms = _changed(addresses)
        synthlab("reset", "echo", "--lab", LAB)
        shown = ", ".join(f"{ms:.1f}" for ms in after_ms)
        print(f"a change of {CLIENTS}: requests at most {late_ms:.1f} ms late; by packets, in force after {shown} ms")
        assert late_ms <= MOST_APART_MS
        outcomes.append(after_ms)
    assert min(max(after_ms) for after_ms in outcomes) <= MOST_LATE_MS
    assert min(max(after_ms) - min(after_ms) for after_ms in outcomes) <= MOST_APART_MS


def _changed(addresses: list[str]) -> tuple[float, list[float]]:
    """How late the latest request was, and when the change was in force at these addresses, in ms."""
    command = [str(Path(__file__).with_name("pinger.py")), str(PORT), "6", str(LATENCY_MS / 2), *addresses]
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as pinger:
        assert pinger.stdout
        assert pinger.stdout.readline()
        result = synthlab("set", "echo", "--egress", "--latency", f"{LATENCY_MS}ms", "--lab", LAB, "--json").stdout
        began: dict[str, int] = json.loads(pinger.stdout.read())
    entries = [state["entry"] for state in json.loads(result).values()]
    (at_ns,) = {entry["at_ns"] for entry in entries}
    late_ms = max(entry.get("late_ns", 0) for entry in entries) / 1e6
    return late_ms, [(began[address] - at_ns) / 1e6 for address in addresses]


def _client() -> dict[str, object]:
    return {"image": "syntheticnet", "command": ["python3", "-c", ECHO], "count": CLIENTS}


def _round(file: Path) -> tuple[float, float]:
    """Bring the lab up twice from scratch; the second time it stays up."""
    synthlab("down", "--lab", LAB)
    compose_s = _composed_s(file)
    synthlab("down", "--lab", LAB)
    start = time.monotonic()
    synthlab("up", str(file))
    return compose_s, time.monotonic() - start


def _composed_s(file: Path) -> float:
    stack = read_stack(str(file))
    rendered = render(stack, {client.name: Ports() for client in stack.clients})
    start = time.monotonic()
    Engine().compose_up(project_name(LAB), rendered, lambda line: None)
    return time.monotonic() - start


def _container(name: str) -> str:
    return f"synthlab-{LAB}-{name}-1"


def _address(name: str) -> str:
    return docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", _container(name)).strip()

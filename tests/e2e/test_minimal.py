"""The image syntheticnet with fixed conditions and no API: conditions, closed ports, and memory."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from synthlab.contract import SYNTHETICNET
from synthlab.deploy.images import in_build_order
from synthlab.engine.swarm_engine import SwarmEngine as Engine

from .footprint import memory_mb, processes
from .labs import docker

pytestmark = pytest.mark.docker

LATENCY_S = 0.05
MOST_IDLE_MB = 45
CONDITIONS = {"egress": {"latency": "50ms"}}


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    from synthlab.deploy.image_steps import ensure_built

    ensure_built(in_build_order([SYNTHETICNET]), Engine(), print)


@contextmanager
def container(name: str, *command: str, **variables: str) -> Iterator[str]:
    """A healthy container of this name, with this application; yields its address."""
    given = {"SYNTHLAB_CONDITIONS": json.dumps(CONDITIONS), **variables}
    options = [word for variable, value in given.items() for word in ("-e", f"{variable}={value}")]
    docker(
        "run", "-d", "--name", name, "--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW", *options, SYNTHETICNET, *command
    )
    try:
        deadline = time.monotonic() + 30
        while docker("inspect", "-f", "{{.State.Health.Status}}", name).strip() != "healthy":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        while "sleep 3500" not in docker("top", name, "-eo", "pid,args"):  # short probes run before it
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", name).strip()
    finally:
        docker("rm", "-f", name)


def test_fixed_conditions_without_an_api() -> None:
    """The refusal of closed port 80 is delayed by the conditions."""
    with container("e2e-minimal", SYNTHLAB_API_PORT="off") as address:
        answers = [_refused_after_s(address) for _ in range(5)]
        assert LATENCY_S <= min(answers) < LATENCY_S + 0.02
        assert len(processes("e2e-minimal")) <= 3  # PID 1, the forwarder, Docker's probe


def test_it_needs_less_memory() -> None:
    """Without the API, or before its first request, a container needs at most 70 % of the memory."""
    with container("e2e-minimal", SYNTHLAB_API_PORT="off"), container("e2e-maximal") as address:
        minimal, before = memory_mb("e2e-minimal"), memory_mb("e2e-maximal")
        httpx.get(f"http://{address}/v1/health").raise_for_status()
        maximal = memory_mb("e2e-maximal")
    print(f"memory: {minimal:.1f} MB without the API, {before:.1f} MB before its first request, {maximal:.1f} MB after")
    assert minimal < 0.7 * maximal
    assert before < 0.7 * maximal


@pytest.mark.issue(15)
def test_an_idle_client() -> None:
    """With API and application it needs at most 45 MB, also after a request."""
    with container("e2e-idle", "sleep", "infinity") as address:
        before = memory_mb("e2e-idle")
        httpx.get(f"http://{address}/v1/state").raise_for_status()
        after = memory_mb("e2e-idle")
        assert len(processes("e2e-idle")) == 5  # PID 1, forwarder, API, application, Docker's probe
    print(f"memory of an idle client: {before:.1f} MB, {after:.1f} MB after a request")
    assert max(before, after) <= MOST_IDLE_MB


def _refused_after_s(address: str) -> float:
    start = time.monotonic()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, 80), 5)
    return time.monotonic() - start

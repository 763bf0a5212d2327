"""A container on two networks: one is conditioned, the other publishes its ports."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

import pytest

from synthlab.contract import SYNTHETICNET

from .labs import docker, docker_log, until
from .pair import Traffic
from .test_minimal import image  # noqa: F401 - builds it

pytestmark = [pytest.mark.docker, pytest.mark.issue(10)]

NAME = "e2e-two"
SUBNET, GATEWAY = "10.77.0.0/16", "10.77.0.1"
OTHER_PORT = 8000


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    """A container on the default bridge, with port 80 published, and on a separate network."""
    docker("network", "create", NAME, f"--subnet={SUBNET}")
    try:
        made = ["create", "--name", NAME, "--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW", "-p", "127.0.0.1::80"]
        docker(*made, "-e", f"SYNTHETIC_NETWORK={SUBNET}", SYNTHETICNET, "sleep", "600")
        docker("network", "connect", NAME, NAME)
        docker("start", NAME)
        until(lambda: docker("inspect", "-f", "{{.State.Health.Status}}", NAME).strip() == "healthy", 30)
        yield NAME
    finally:
        subprocess.run(["docker", "rm", "-f", NAME], capture_output=True, check=False)
        docker("network", "rm", NAME)


@pytest.mark.usefixtures("container")
def test_the_published_port_answers() -> None:
    """The host may read and change; the peer is the gateway of the network that publishes the port."""
    assert "flows" in json.loads(_api("/qos"))
    change = json.dumps({"egress": {"latency": "50ms"}}).encode()
    changed = json.loads(_api("/v1/conditions", "PATCH", change))
    assert changed["conditions"]["egress"] == {"latency": "50ms"}
    _api("/v1/conditions", "DELETE")


def test_the_default_route(container: str) -> None:
    """The only route uses the conditioned network, where traffic is conditioned."""
    rows = [row.split() for row in docker("exec", container, "cat", "/proc/net/route").splitlines()[1:]]
    assert [row[0] for row in rows if row[1] == "00000000"] == ["synth0"]
    _api("/v1/conditions", "PATCH", json.dumps({"egress": {"latency": "50ms"}}).encode())
    with _neighbour(NAME) as neighbour:
        echo = Traffic(neighbour, "echo", "5000").ready()
        times = Traffic(container, "rtt", _address(neighbour, NAME), "5000", "10").result()["rtt_ms"]
        echo.result()
    assert min(times) >= 50
    _api("/v1/conditions", "DELETE")


def test_other_traffic_of_the_other_network_is_cut(container: str) -> None:
    """A neighbour there and the client cannot reach each other on any port; the log says so."""
    with _neighbour("bridge") as neighbour:
        for port in (80, 5901, OTHER_PORT):
            tried = Traffic(neighbour, "try_tcp", _address(container, "bridge"), port).result()
            assert tried["outcome"] != "connected"
        tried = Traffic(container, "try_tcp", _address(neighbour, "bridge"), OTHER_PORT).result()
        assert tried["outcome"] == "TimeoutError"
    log = docker_log(container)
    assert "is not the conditioned network: cut off, except for control ports from 172." in log


def test_the_conditioned_networks_gateway_is_not_the_host(container: str) -> None:
    """Control ports are open only from the network that publishes the port."""
    with pytest.raises(OSError, match="timed out"):
        urlopen(f"http://{_address(container, NAME)}/qos", timeout=1)


def _api(path: str, method: str = "GET", body: bytes | None = None) -> bytes:
    host = docker("port", NAME, "80/tcp").splitlines()[0]
    request = Request(f"http://{host}{path}", body, {"Content-Type": "application/json"}, method=method)
    with urlopen(request, timeout=5) as answer:
        found: bytes = answer.read()
        return found


def _address(container: str, network: str) -> str:
    networks = json.loads(docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", container))
    return str(networks[network]["IPAddress"])


@contextmanager
def _neighbour(network: str) -> Iterator[str]:
    made = ["run", "--rm", "--detach", "--init", "--network", network, "--entrypoint", "sleep"]
    made += ["--cap-add", "NET_ADMIN"]  # for its socket's buffer
    container = docker(*made, SYNTHETICNET, "600")
    try:
        yield container.strip()
    finally:
        docker("rm", "--force", container.strip())

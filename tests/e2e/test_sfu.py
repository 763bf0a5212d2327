"""A lab's media server: two versions of one image, a Compose service, conditions, an outside participant."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from .labs import docker, lab_up, synthlab, until
from .leftovers import leftovers

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

# A fake media server that reports its version and its number of requests.
DOCKERFILE = """\
FROM syntheticnet
ARG VERSION
ENV VERSION=${VERSION}
HEALTHCHECK NONE
RUN useradd sfu
COPY serve.py /serve.py
USER sfu
ENTRYPOINT ["python3", "/serve.py"]
"""
SERVE = """\
import http.server, os
asked = 0
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        asked += 1
        self.send_response(200)
        self.end_headers()
        version = os.environ["VERSION"]
        self.wfile.write(f'# TYPE build gauge\\nbuild{{version="{version}"}} 1\\nasked_total {asked}\\n'.encode())
http.server.ThreadingHTTPServer(("", 80), Handler).serve_forever()
"""
STACK = """\
sfu:
  image: e2e-sfu:${TAG}
  metrics: http://sfu/metrics
  network: {egress: {latency: 30ms}}
clients:
  client1: {image: syntheticnet}
"""
COMPOSE = """\
services:
  media:
    image: e2e-sfu:${TAG:-one}
    container_name: e2e-media
    healthcheck: {disable: true}
    volumes: [kept:/kept]
    depends_on: [helper]
  helper:
    image: e2e-sfu:one
    networks: [inside]
volumes: {kept: {}}
networks: {inside: {}}
"""
UNHEALTHY = """\
services:
  media:
    image: e2e-sfu:one
    healthcheck: {test: "echo no such room; exit 3", interval: 200ms, retries: 2}
"""
FETCH = """\
import sys, time
from urllib.request import urlopen
start = time.monotonic()
with urlopen("http://sfu/", timeout=float(sys.argv[1])) as answer:
    answer.read()
print(time.monotonic() - start)
"""


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The images e2e-sfu:one and e2e-sfu:two."""
    folder = tmp_path_factory.mktemp("sfu")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "serve.py").write_text(SERVE)
    for tag in ("one", "two"):
        docker("buildx", "build", "--load", "--build-arg", f"VERSION={tag}", "-t", f"e2e-sfu:{tag}", str(folder))
    yield
    docker("image", "rm", "-f", "e2e-sfu:one", "e2e-sfu:two")


@pytest.mark.soak
@pytest.mark.usefixtures("versions")
def test_two_versions_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two labs of one stack have two versions of the media server; cutting one off does not affect the other.

    The metrics of a cut-off media server can still be read.
    """
    stack = tmp_path / "versions.yaml"
    stack.write_text(STACK)
    monkeypatch.setenv("TAG", "one")
    with lab_up("e2e-sfu-one", stack) as one:
        monkeypatch.setenv("TAG", "two")
        with lab_up("e2e-sfu-two", stack) as two:
            until(lambda: _build(one, "one") == 1)  # `up` does not wait for containers without a health check
            until(lambda: _build(two, "two") == 1)
            assert _sfu_of(one)["network"]["startup"] == {"egress": {"latency": "30ms"}}
            assert _seconds(one) > 0.06  # once for the handshake, once for the answer
            synthlab("set", "sfu", "--egress", "--loss", "100%", "--lab", one)
            with pytest.raises(subprocess.CalledProcessError):
                _seconds(one)
            assert _seconds(two) < 2
            assert _build(one, "one") == 1


@pytest.mark.usefixtures("versions")
def test_the_application_of_a_conditioned_sfu_cannot_pass_the_fence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A media server in its companion's network has neither NET_ADMIN nor NET_RAW."""
    stack = tmp_path / "fenced.yaml"
    stack.write_text(STACK)
    monkeypatch.setenv("TAG", "one")
    with lab_up("e2e-sfu-fence", stack) as name:
        status = docker("exec", "-u", "0", f"synthlab-{name}-sfu-1", "cat", "/proc/self/status")
        (bounding,) = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapBnd")]
        assert not bounding & (1 << 12 | 1 << 13)


@pytest.mark.usefixtures("versions")
def test_a_service_of_a_compose_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service is the lab's media server, its whole file starts and stops with the lab, and our variables apply."""
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    stack = tmp_path / "theirs.yaml"
    stack.write_text(
        "sfu: {service: media, compose: ./compose.yaml, metrics: 'http://sfu/m'}\n"
        "clients: {client1: {image: syntheticnet}}\n"
    )
    monkeypatch.setenv("TAG", "two")
    with lab_up("e2e-sfu-theirs", stack) as name:
        until(lambda: _build(name, "two") == 1)
        assert _seconds(name) < 2
        rows = json.loads(synthlab("ps", "--json", "--lab", name).stdout)
        assert {(row["role"], row["client"]) for row in rows} == {
            ("sfu", ""),
            ("service", "helper"),
            ("client", "client1"),
        }


@pytest.mark.usefixtures("versions")
def test_a_service_that_is_never_healthy(tmp_path: Path) -> None:
    """The error shows exit status and output of the health check, and nothing is left behind."""
    (tmp_path / "compose.yaml").write_text(UNHEALTHY)
    stack = tmp_path / "unhealthy.yaml"
    stack.write_text("sfu: {service: media, compose: ./compose.yaml}\nclients: {client1: {image: syntheticnet}}\n")
    done = synthlab("up", str(stack), "--lab", "e2e-sfu-unhealthy", status=3)
    assert "sfu did not come up" in done.stderr
    assert "it wrote nothing; its health check:" in done.stderr
    assert "health check (exit status 3): no such room" in done.stderr
    assert leftovers("e2e-sfu-unhealthy") == []


@pytest.mark.soak
def test_somebody_joins_from_outside(tmp_path: Path) -> None:
    """A participant on another network joins through published ports; it and the lab see each other.

    It represents a browser outside the lab: Docker passes nothing from its bridge to the lab's.
    """
    # The engine itself names no gateway of its own bridge for as long as it has not restarted.
    subnet = docker("network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Subnet}}").strip()
    host = str(ip_network(subnet)[1])
    stack = tmp_path / "join.yaml"
    stack.write_text(f"sfu: {{app: janus, join: {host}}}\nclients: {{bot: {{app: bot, count: 2}}}}\n")
    with lab_up("e2e-sfu-join", stack) as name, _outsider(f"ws://{host}:8188") as outsider:
        inside = docker(
            "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", f"synthlab-{name}-sfu-1"
        )
        assert not _connects(outsider, inside.strip())
        assert _connects(outsider, host)
        until(lambda: _fps(name, "bot-1", outsider) > 10)
        until(lambda: "outsider" in _seen(name, "bot-2"))


def _sfu_of(name: str) -> dict[str, Any]:
    shown = json.loads(synthlab("stats", "sfu", "--json", "--lab", name).stdout)
    sfu: dict[str, Any] = shown["sfu"]
    return sfu


def _build(name: str, version: str) -> int | None:
    """The media server's metric for this version; None if it does not report one."""
    metrics: dict[str, int] = _sfu_of(name)["metrics"]["values"]
    return metrics.get(f'build{{version="{version}"}}')


def _seconds(name: str) -> float:
    """The time the media server takes to answer client1."""
    return float(docker("exec", f"synthlab-{name}-client1-1", "python3", "-c", FETCH, "3"))


@contextmanager
def _outsider(server: str) -> Iterator[str]:
    """A bot outside any lab; yields its name."""
    variables = ("-e", "SYNTHLAB_NAME=outsider", "-e", f"SYNTHLAB_SFU={server}")
    docker("run", "-d", "--rm", "--name", "outsider", "--entrypoint", "/opt/bin/entry", *variables, "synthlab/bot")
    try:
        yield "outsider"
    finally:
        docker("rm", "-f", "outsider")


def _connects(container: str, host: str) -> bool:
    script = "import socket, sys; socket.create_connection((sys.argv[1], 8188), 3)"
    done = subprocess.run(
        ["docker", "exec", container, "python3", "-c", script, host], capture_output=True, check=False
    )
    return done.returncode == 0


def _seen(name: str, viewer: str) -> dict[str, Any]:
    shown = json.loads(synthlab("stats", viewer, "--json", "--lab", name).stdout)
    seen: dict[str, Any] = shown[viewer]["webrtc"]["video"]
    return seen


def _fps(name: str, viewer: str, shown: str) -> float:
    return float(_seen(name, viewer).get(shown, {}).get("fps", 0))

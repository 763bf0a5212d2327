"""A call whose participants are on three nodes, which get the images from a private registry."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .labs import synthlab, until
from .swarm_nodes import Node, swarm_nodes

pytestmark = [pytest.mark.docker, pytest.mark.issue(14), pytest.mark.soak, pytest.mark.timeout(900)]

REGISTRY = "e2e-registry"
PLACE = "10.99.0.1:5000"
# Debian's configuration asks for a password, which its last section sets up.
DOCKERFILE = """\
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends docker-registry && rm -rf /var/lib/apt/lists/* \\
 && sed -i '/^auth:/,$d' /etc/docker/registry/config.yml
CMD ["docker-registry", "serve", "/etc/docker/registry/config.yml"]
"""
STACK = """\
sfu: {app: janus, placement: {node: node1}}
clients:
  client1: {app: bot, placement: {node: node2}}
  client2: {app: bot, placement: {node: node3}}
  client3: {app: bot}
"""
SCENARIO = """\
about: client2 loses its uplink for five seconds
stack: call.yaml
seed: 1
steps:
  - expect: client1.video.client2.fps >= 5
    within: 30s
  - at: 1s
    set: client2
    egress: {loss: 100%}
    for: 5s
  - at: 2s
    expect: client1.video.client2.fps < 1
    within: 4s
  - at: 6s
    recovers: client1.video.client2.fps >= 5
    within: 30s
    for: 2s
"""
IMAGES = (
    "debian:bookworm-slim",
    "syntheticnet:latest",
    "syntheticnet:minimal",
    "synthlab/janus:1.1.2",
    "synthlab/bot:latest",
)


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Node]]:
    """The nodes; only the manager has the images, and a registry."""
    synthlab("images", "build", seconds=600)
    build = ["docker", "build", "--quiet", "--tag", REGISTRY, "-"]
    subprocess.run(build, input=DOCKERFILE, text=True, check=True, capture_output=True)
    with swarm_nodes(*IMAGES, REGISTRY, everywhere=False) as made:
        made[0].docker("run", "--detach", "--rm", "--network", "host", "--name", REGISTRY, REGISTRY)
        yield made
        made[0].docker("rm", "--force", REGISTRY, status=None)


@pytest.fixture(scope="module")
def call(nodes: list[Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The call's stack; the call is up."""
    stack = tmp_path_factory.mktemp("call") / "call.yaml"
    stack.write_text(STACK)
    try:
        nodes[0].synthlab("up", str(stack), "--engine", "swarm", "--registry", PLACE, "--wait-media")
        yield stack
    finally:
        nodes[0].synthlab("down", "call", status=None)
    nodes[0].docker("rm", "--force", REGISTRY, status=None)
    until(lambda: not any(node.leftovers() for node in nodes), 15)


@pytest.mark.usefixtures("call")
def test_all_see_all(nodes: list[Node]) -> None:
    """Each participant receives the video of the two others."""
    shown = json.loads(nodes[0].synthlab("stats", "--json").stdout)
    names = {"client1", "client2", "client3"}
    assert {name: set(shown[name]["webrtc"]["video"]) for name in names} == {name: names - {name} for name in names}


def test_a_scenario(nodes: list[Node], call: Path) -> None:
    """The outage of one participant is seen by another one on another node, and so is its end."""
    scenario = call.with_name("outage.yaml")
    scenario.write_text(SCENARIO)
    done = nodes[0].synthlab("scenario", "run", str(scenario), "--lab", "call", status=None)
    assert done.returncode == 0, done.stdout + done.stderr

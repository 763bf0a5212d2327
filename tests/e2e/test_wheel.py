"""An installed synthlab, outside any checkout, on a real engine; and labs of an older version."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthlab.contract import SYNTHETICNET
from synthlab.deploy.images import in_build_order
from synthlab.engine.swarm_engine import SwarmEngine as Engine

from ..installation import install_wheel
from .labs import docker, synthlab
from .leftovers import leftovers

pytestmark = [pytest.mark.docker, pytest.mark.issue(11)]

LAB, OLD = "e2e-wheel", "e2e-old"
STACK = """\
clients:
  client1: {image: syntheticnet, command: sleep 600}
  client2: {image: syntheticnet, command: sleep 600}
"""


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The `synthlab` command of a fresh environment."""
    return str(install_wheel(tmp_path_factory.mktemp("wheel")) / "synthlab")


def test_a_lab_of_an_installation(command: str, tmp_path: Path) -> None:
    """An installed synthlab brings a lab up, changes a client, measures it and takes the lab down."""
    (tmp_path / "small.yaml").write_text(STACK)

    def run(*arguments: str) -> str:
        done = subprocess.run([command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    try:
        run("up", "small.yaml", "--lab", LAB, "--ttl", "10min")
        run("set", "client2", "--egress", "--latency", "90ms", "--lab", LAB)
        shown = json.loads(run("show", "client2", "--json", "--lab", LAB))
        assert shown["client2"]["conditions"]["egress"] == {"latency": "90ms"}
    finally:
        run("down", LAB)
    assert leftovers(LAB) == []


@pytest.fixture
def old_lab() -> Iterator[str]:
    """A client and a network with the labels of version 0.1.0 and Docker Compose."""
    from synthlab.deploy.image_steps import ensure_built

    ensure_built(in_build_order([SYNTHETICNET]), Engine(), print)
    project, network = f"synthlab-{OLD}", f"synthlab-{OLD}_default"
    both = {"synthlab.lab": OLD, "synthlab.stack": "old.yaml", "synthlab.version": "0.1.0"}
    compose = {"com.docker.compose.project": project, "com.docker.compose.version": "2.26.1"}
    client = {"synthlab.role": "client", "synthlab.client": "client1", "synthlab.group": "client1"}
    service = {"com.docker.compose.service": "client1", "com.docker.compose.container-number": "1"}
    index = {"synthlab.app": "syntheticnet", "synthlab.index": "1", "com.docker.compose.oneoff": "False"}
    try:
        docker("network", "create", *marked(both | compose | {"com.docker.compose.network": "default"}), network)
        own = marked(both | compose | client | index | service)
        docker("create", "--name", f"{project}-client1-1", "--network", network, *own, SYNTHETICNET)
        yield OLD
    finally:
        subprocess.run(["docker", "rm", "-f", f"{project}-client1-1"], capture_output=True, check=False)
        subprocess.run(["docker", "network", "rm", network], capture_output=True, check=False)


def marked(labels: dict[str, str]) -> list[str]:
    """The labels as options of the docker command."""
    return [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]


def test_a_lab_of_an_older_version(old_lab: str) -> None:
    """`ls` names a lab that 0.1.0 brought up, and `down` removes its container and its network."""
    listed = json.loads(synthlab("ls", "--json").stdout)
    assert old_lab in [row["lab"] for row in listed]
    assert synthlab("down", old_lab).stdout == f"{old_lab} is down: 1 container removed\n"
    assert leftovers(old_lab) == []

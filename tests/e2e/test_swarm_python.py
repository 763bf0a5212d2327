"""A lab on a swarm from Python and from pytest: client2 sends client1, on another node, 50 datagrams per second."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthlab import ExpectationFailed, Lab, SynthlabError
from tests.report.pages import Page

from .labs import synthlab, until
from .swarm_nodes import Node, containers_of, swarm_nodes, within

pytestmark = [pytest.mark.docker, pytest.mark.issue(14), pytest.mark.soak, pytest.mark.timeout(600)]

STACK = """\
name: light
clients:
  client1: {image: syntheticnet, command: sleep 600, placement: {node: node2}}
  client2:
    image: syntheticnet
    placement: {node: node3}
    command:
      - /opt/synthlab/bin/python
      - -c
      - |
        import socket, time
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while True:
            try:
                sender.sendto(b"x" * 100, ("client1", 5000))
            except OSError:
                pass
            time.sleep(0.02)
  client3: {image: syntheticnet, command: sleep 600, placement: {node: node1}}
"""
RATE = f"{0.5 * 50 * (100 + 8 + 20 + 14) * 8:.0f}bit"
TESTS = """\
import pytest

pytestmark = pytest.mark.lab("light.yaml")


def test_the_rate(lab):
    lab["client2"].expect("egress.rate > {rate}", within="20s")
    lab["client2"].set(egress={{"rate": "10kbit", "queue": "5p"}})
    lab["client1"].expect("ingress.rate < 12kbit", within="10s")


def test_too_much(lab):
    lab["client2"].recovers("egress.rate > {rate}", within="20s")
    lab["client2"].expect("egress.rate > 1gbit", within="1s")
"""


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Node]]:
    synthlab("images", "build", seconds=600)
    with swarm_nodes("syntheticnet:latest", "debian:bookworm-slim") as made:
        yield made


@pytest.fixture
def stack(nodes: list[Node], tmp_path: Path) -> Iterator[Path]:
    """The stack file; nothing is left of its labs on any node."""
    file = tmp_path / "light.yaml"
    file.write_text(STACK)
    yield file
    until(lambda: not any(node.leftovers() for node in nodes), 15, lambda: [node.leftovers() for node in nodes])


def test_a_lab(nodes: list[Node], stack: Path) -> None:
    """`Lab.up` with the engine `swarm`: changes, expectations, partitions and addresses; `with` takes it down."""
    with within(nodes[0]), Lab.up(stack, engine="swarm", ttl="10min") as lab:
        found = containers_of(nodes[0], "light")
        assert {name: one["node"] for name, one in found.items()} == {
            "client1": "node2",
            "client2": "node3",
            "client3": "node1",
        }
        client = lab["client2"]
        client.expect(f"egress.rate > {RATE}", within="20s")
        lab["client1"].expect(f"ingress.rate > {RATE}", within="20s")
        with client.set(egress={"rate": "10kbit", "queue": "5p"}):
            lab["client1"].expect("ingress.rate < 12kbit", within="10s")
        lab["client1"].recovers(f"ingress.rate > {RATE}", within="10s")
        with lab.partition("client1", "client2"):
            assert lab["client1"].state().conditions.to_dict()["flows"]
        assert not lab["client1"].state().conditions.to_dict().get("flows")
        with pytest.raises(ExpectationFailed):
            client.expect("egress.rate > 1gbit", within="1s")
        changed = lab["client1"].set(latency="5ms").revert
        assert lab["client1"].state().conditions.to_dict()["ingress"] == {"latency": "5ms"}
        changed()
        with pytest.raises(SynthlabError, match="client1 has no screen"):
            _ = lab["client1"].vnc
        assert lab["client1"].api_url.startswith("http://127.0.0.1:")
        assert lab["client3"].logs(tail=5) is not None
    assert "light" not in nodes[0].synthlab("ls").stdout


def test_pytest(nodes: list[Node], stack: Path) -> None:
    """`--synthlab-engine swarm` brings the labs up there; a failed test keeps evidence with a report."""
    file = stack.with_name("test_light.py")
    file.write_text(TESTS.format(rate=RATE))
    options = ("-p", "no:randomly", "--synthlab-engine=swarm", "--synthlab-evidence", str(stack.with_name("evidence")))
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(stack.parent), *options, str(file)]
    with within(nodes[0]):
        done = subprocess.run(command, cwd=stack.parent, capture_output=True, text=True, check=False, timeout=300)
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    (kept,) = stack.with_name("evidence").iterdir()
    conditions = json.loads((kept / "conditions.json").read_text())
    assert {"client1", "client2", "client3"} <= conditions.keys()
    assert Page.of((kept / "report.html").read_text()).text
    # What only a node's own engine has is missing, and says so.
    problems = kept / "problems.txt"
    lacking = problems.read_text().splitlines() if problems.exists() else []
    print("\n".join(["missing evidence:", *lacking]))
    assert all(re.search("node[123]", line) for line in lacking if line.startswith("packets of")), lacking


def test_the_names_that_a_shell_completes(nodes: list[Node], stack: Path) -> None:
    with within(nodes[0]), Lab.up(stack, engine="swarm", ttl="10min"):
        asked = {"COMP_WORDS": "synthlab show client", "COMP_CWORD": "2", "_SYNTHLAB_COMPLETE": "complete_bash"}
        words = [f"{name}={value}" for name, value in asked.items()]
        done = nodes[0].engine.machine.run("env", *words, str(Path(sys.executable).with_name("synthlab")))
        assert done.stdout.split() == ["client1", "client2", "client3"]

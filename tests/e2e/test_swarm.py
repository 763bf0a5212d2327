"""A lab on a swarm of three nodes: conditions by their effect between nodes, intruders, and nothing left behind."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .labs import synthlab, until
from .swarm_nodes import HUB, Node, containers_of, swarm_nodes

pytestmark = [pytest.mark.docker, pytest.mark.issue(14), pytest.mark.timeout(400)]

STACK = """\
clients:
  a: {image: syntheticnet, placement: {node: node1}, command: sleep 3600}
  b: {image: syntheticnet, placement: {node: node2}, command: python3 -m http.server 8000}
  c: {image: syntheticnet, placement: {node: node3}, command: python3 -m http.server 8000}
"""

# The times of TCP connections in ms, one line each; the first resolves the name and ARP.
CONNECT = """
import socket, time
for _ in range(11):
    start = time.perf_counter()
    socket.create_connection(("{host}", {port}), 5).close()
    print((time.perf_counter() - start) * 1000)
"""


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Node]]:
    synthlab("images", "build", seconds=600)
    with swarm_nodes("syntheticnet:latest", "debian:bookworm-slim") as made:
        yield made


@pytest.fixture(scope="module")
def lab(nodes: list[Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Node]]:
    """The three clients, one on each node; nothing may be left of them anywhere."""
    stack = tmp_path_factory.mktemp("swarm") / "spread.yaml"
    stack.write_text(STACK)
    manager = nodes[0]
    try:
        manager.synthlab("up", str(stack), "--engine", "swarm")
        yield nodes
    finally:
        manager.synthlab("down", "spread", status=None)
    until(lambda: not any(node.leftovers() for node in nodes), 15)  # a node removes a container after its task


def connect_ms(node: Node, client: str, host: str, port: int = 8000) -> float:
    """The median time of a TCP connection from a client to a host of the lab."""
    program = CONNECT.format(host=host, port=port)
    lines = node.docker("exec", node.container(client), "python3", "-c", program).split()
    return statistics.median(map(float, lines[1:]))


def test_each_client_is_on_its_node(lab: list[Node]) -> None:
    found = containers_of(lab[0], "spread")
    assert {name: one["node"] for name, one in found.items()} == {"a": "node1", "b": "node2", "c": "node3"}
    assert {one["health"] for one in found.values()} == {"healthy"}


def test_a_condition_holds_between_nodes(lab: list[Node]) -> None:
    """A latency delays one client's packets by what is set, and nobody else's."""
    manager = lab[0]
    before, other = connect_ms(lab[0], "a", "b"), connect_ms(lab[0], "a", "c")
    manager.synthlab("set", "b", "--egress", "--latency", "80ms")
    try:
        assert connect_ms(lab[0], "a", "b") - before == pytest.approx(80, abs=5 + before)
        assert connect_ms(lab[0], "a", "c") < other + 20
    finally:
        manager.synthlab("reset", "b")
    assert connect_ms(lab[0], "a", "b") < before + 20


def test_the_clients_of_all_nodes_change_together(lab: list[Node]) -> None:
    """One command changes all of them, and says when it is in force."""
    done = lab[0].synthlab("set", "a", "b", "c", "--latency", "10ms")
    try:
        states = json.loads(lab[0].synthlab("show", "--json").stdout)
        assert set(states) == {"a", "b", "c"}
        assert "in force" in done.stderr + done.stdout
    finally:
        lab[0].synthlab("reset", "a", "b", "c")


def test_intruders(lab: list[Node]) -> None:
    """Other machines have no token, and neighbours in the lab do not even reach the port."""
    found = containers_of(lab[0], "spread")["b"]
    address = found["api"]
    for header in ((), ("--header", "Authorization: Bearer wrong")):
        ask = ["curl", "--insecure", "--silent", "--max-time", "5", "--write-out", "%{http_code}", *header, address]
        done = subprocess.run(["ip", "netns", "exec", HUB, *ask], capture_output=True, text=True, check=False)
        assert done.stdout == "401"
    plain = ["curl", "--silent", "--max-time", "5", address.replace("https", "http")]
    assert subprocess.run(["ip", "netns", "exec", HUB, *plain], capture_output=True, check=False).returncode != 0
    neighbour = lab[2]
    for port in (80, 65400):
        program = f"import socket; socket.create_connection(('b', {port}), 2)"
        words = ("exec", neighbour.container("c"), "python3", "-c", program)
        refused = subprocess.run(
            ["docker", "--host", neighbour.engine.address, *words], capture_output=True, text=True, check=False
        )
        assert "timed out" in refused.stderr


def test_what_only_a_nodes_engine_can_do_says_so(lab: list[Node]) -> None:
    lab[0].synthlab("exec", "a", "true")
    for words in (("exec", "b", "true"), ("pause", "b")):
        done = lab[0].synthlab(*words, status=3)
        assert "b: the engine of node node2 is out of reach; create a context for it: docker context" in done.stderr


@pytest.mark.soak
def test_a_node_that_lacks_the_image(nodes: list[Node], tmp_path: Path) -> None:
    """The node and the image are named at once, and nothing is left."""
    nodes[0].docker("tag", "syntheticnet:latest", "acme/app:1")
    stack = tmp_path / "lacking.yaml"
    stack.write_text("clients: {x: {image: 'acme/app:1', placement: {node: node3}}}")
    done = nodes[0].synthlab("up", str(stack), "--engine", "swarm", status=3)
    assert "x did not come up (rejected on node3: No such image: acme/app:1" in done.stderr
    assert "--registry" in done.stderr
    assert containers_of(nodes[0], "spread").keys() == {"a", "b", "c"}
    assert "lacking" not in nodes[0].synthlab("ls").stdout

"""Nodes and engines of a swarm fail: what `ps`, `set` and a scenario say, what comes back, and that nothing is left."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .labs import synthlab, until
from .swarm_nodes import HUB, Node, containers_of, reaching, swarm_nodes

pytestmark = [pytest.mark.docker, pytest.mark.issue(14), pytest.mark.soak, pytest.mark.timeout(600)]

LAB = "faults"
ALL = ("a", "b", "c", "free")
LATENCY_MS = 60
SERVE = "command: python3 -m http.server 8000, network: {egress: {latency: 60ms}}"
STACK = f"""\
clients:
  a: {{image: syntheticnet, placement: {{node: node1}}, {SERVE}}}
  b: {{image: syntheticnet, placement: {{node: node2}}, {SERVE}}}
  c: {{image: syntheticnet, placement: {{node: node3}}, {SERVE}}}
  free: {{image: syntheticnet, placement: {{labels: {{spare: "yes"}}}}, {SERVE}}}
"""
SCENARIO = """\
stack: faults.yaml
steps:
  - {set: b, egress: {latency: 90ms}}
  - wait: 40s
"""
TRUE_S = 20.0
CONNECT = """
import socket, time
start = time.perf_counter()
socket.create_connection(("{host}", 8000), 5).close()
print((time.perf_counter() - start) * 1000)
"""


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Node]]:
    """The nodes; only node2 and node3 are fit for a client that may run on several."""
    synthlab("images", "build", seconds=600)
    with swarm_nodes("syntheticnet:latest", "debian:bookworm-slim") as made:
        for node in made[1:]:
            made[0].docker("node", "update", "--label-add", "spare=yes", node.name)
        yield made


@pytest.fixture
def lab(nodes: list[Node], tmp_path: Path) -> Iterator[Path]:
    """The lab's file; the lab is up, and nothing may be left of it anywhere."""
    file = tmp_path / f"{LAB}.yaml"
    file.write_text(STACK)
    try:
        nodes[0].synthlab("up", str(file), "--engine", "swarm")
        yield file
    finally:
        nodes[0].synthlab("down", LAB, status=None)
    nothing_left(nodes)


def nothing_left(nodes: list[Node], seconds: float = 30) -> None:
    def left() -> list[list[str]]:
        return [node.leftovers() for node in nodes]

    until(lambda: not any(left()), seconds, left)


def after(reached: Callable[[Mapping[str, Any]], bool], manager: Node, what: str, since: float, most_s: float) -> float:
    """Wait until `ps` shows it; prints and returns how long that took since that time."""
    until(lambda: reached(containers_of(manager, LAB)), most_s, lambda: containers_of(manager, LAB))
    took_s = time.monotonic() - since
    shown = {name: f"{one['state']}, {one['status']}" for name, one in containers_of(manager, LAB).items()}
    print(f"\n{what} after {took_s:.1f} s: {shown}")
    return took_s


def is_in_force(node: Node, client: str, host: str) -> None:
    """The latency of the stack delays a new connection to this client, by both ends, as measured from another one."""
    since = time.monotonic()
    until(lambda: ms(node, client, host) >= 2 * LATENCY_MS, 120, lambda: ms(node, client, host))
    print(f"{client} to {host}: {ms(node, client, host):.1f} ms, {time.monotonic() - since:.1f} s later")


def ms(node: Node, client: str, host: str) -> float:
    """The time of a TCP connection; 0 if there is none."""
    program = CONNECT.format(host=host)
    done = node.engine.machine.run("docker", "exec", node.container(client), "python3", "-c", program, status=None)
    if done.returncode:
        print(time.monotonic(), done.stderr.splitlines()[-1:])
    return float(done.stdout or 0)


@contextmanager
def played(manager: Node, stack: Path) -> Iterator[subprocess.Popen[str]]:
    """A scenario that is under way meanwhile."""
    file = stack.with_name("meanwhile.yaml")
    file.write_text(SCENARIO)
    words = ("scenario", "run", str(file), "--lab", LAB, "--evidence", str(stack.with_name("evidence")))
    with manager.engine.machine.start(*words) as player:
        try:
            until(lambda: player.poll() is not None or latency(manager, "b") == "90ms", 30)
            assert player.poll() is None, player.communicate()
            yield player
        finally:
            player.kill()
            print(player.communicate())


def latency(manager: Node, client: str) -> str:
    shown = json.loads(manager.synthlab("show", client, "--json").stdout)
    return str(shown[client]["conditions"]["egress"]["latency"])


def inconclusive(player: subprocess.Popen[str], reason: str) -> None:
    """It ends inconclusive, and says why."""
    written, errors = player.communicate(timeout=120)
    print(written, errors)
    assert player.returncode == 3
    assert reason in " ".join((written + errors).split())


def plug(node: Node, state: str) -> None:
    """Set the link of a node up or down."""
    subprocess.run(["ip", "-n", HUB, "link", "set", node.name.replace("node", "n"), state], check=True)


def others_are_controlled(manager: Node, silent: str) -> None:
    """`set` on all names the clients that are out of reach, and changes nothing; without them it works."""
    done = manager.synthlab("set", *ALL, "--egress", "--loss", "1%", status=3)
    print(done.stderr)
    assert silent in " ".join(done.stderr.split())
    states = json.loads(manager.synthlab("show", "a", "b", "--json").stdout)
    assert all("loss" not in state["conditions"]["egress"] for state in states.values())
    manager.synthlab("set", "a", "b", "--egress", "--jitter", "1ms")
    manager.synthlab("reset", "a")


def on_node3(found: Mapping[str, Any]) -> list[str]:
    return [name for name, one in found.items() if one["node"] == "node3"]


def test_a_node_that_goes_away_and_comes_back(lab: Path, nodes: list[Node]) -> None:
    """`ps` says so within 20 s; a client that may runs elsewhere, the other one is back with its node."""
    manager, node2, gone = nodes
    while "free" not in on_node3(containers_of(manager, LAB)):  # it is to run on the node that fails
        manager.docker("node", "update", "--label-rm", "spare", node2.name)
        after(
            lambda now: now["free"]["node"] == "node3" and now["free"]["state"] == "running",
            manager,
            "moved",
            time.monotonic(),
            60,
        )
        manager.docker("node", "update", "--label-add", "spare=yes", node2.name)
    with played(manager, lab) as player:
        plug(gone, "down")
        since = time.monotonic()
        try:
            others_are_controlled(manager, "c: ")
            took_s = after(lambda now: "node3 does not answer" in now["c"]["status"], manager, "down", since, 40)
            assert took_s < TRUE_S
            assert "c" in manager.synthlab("set", "c", "--loss", "1%", status=3).stderr
            after(
                lambda now: now["free"]["node"] == "node2" and now["free"]["health"] == "healthy",
                manager,
                "moved",
                since,
                60,
            )
            is_in_force(manager, "a", "free")
            inconclusive(player, "node3 does not answer")
        finally:
            plug(gone, "up")
    since = time.monotonic()
    after(lambda now: now["c"]["state"] == "running" and now["c"]["health"] == "healthy", manager, "back", since, 60)
    is_in_force(manager, "a", "c")
    until(lambda: not gone.docker("ps", "--quiet", "--filter", "name=_free").split(), 30)


@pytest.mark.usefixtures("lab")
def test_down_while_a_node_is_away(nodes: list[Node]) -> None:
    """Nothing is left on the other nodes, and nothing on this one once it is back."""
    manager, _, gone = nodes
    plug(gone, "down")
    try:
        since = time.monotonic()
        manager.synthlab("down", LAB)
        print(f"\ndown after {time.monotonic() - since:.1f} s")
        nothing_left(nodes[:2])
    finally:
        plug(gone, "up")
    nothing_left(nodes, 60)


def test_a_workers_engine_killed_and_started(lab: Path, nodes: list[Node]) -> None:
    """Its client is back in a new container with the stack's conditions; what ran meanwhile is inconclusive."""
    manager, _, node = nodes
    old = containers_of(manager, LAB)["c"]["id"]
    with played(manager, lab) as player:
        node.engine.end(signal.SIGKILL)
        since = time.monotonic()
        manager.synthlab("set", "a", "b", "--egress", "--jitter", "1ms")
        manager.synthlab("reset", "a")
        node.engine.start()
        took_s = after(
            lambda now: now["c"]["id"] != old and now["c"]["health"] == "healthy", manager, "back", since, 60
        )
        print(f"{took_s:.1f} s after the engine was killed")
        is_in_force(manager, "a", "c")
        inconclusive(player, "node3")


@pytest.mark.usefixtures("lab")
def test_the_managers_engine_restarted(nodes: list[Node], tmp_path: Path) -> None:
    """The clients of the other nodes run on; the manager's own is back with the stack's conditions."""
    manager = nodes[0]
    before = containers_of(manager, LAB)
    manager.engine.end(signal.SIGTERM)
    since = time.monotonic()
    assert "does not answer" in manager.synthlab("ps", status=3).stderr
    manager.engine.start()

    def back(now: Mapping[str, Any]) -> bool:
        return {one["health"] for one in now.values()} == {"healthy"} and now["a"]["id"] != before["a"]["id"]

    after(back, manager, "back", since, 60)
    is_in_force(nodes[1], "b", "a")
    same = {name: one["id"] == before[name]["id"] for name, one in containers_of(manager, LAB).items()}
    print(f"the same containers: {same}")
    said = " ".join(manager.synthlab("set", "b", "--loss", "1%", status=3).stderr.split())
    assert "the swarm no longer knows its port, and node2 is out of reach" in said
    reaching(nodes, tmp_path).synthlab("set", *ALL, "--egress", "--jitter", "1ms")
    manager.synthlab("restart", "b")
    manager.synthlab("set", "a", "b", "--egress", "--jitter", "2ms")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("kind", ["secret", "service"])
def test_up_killed(nodes: list[Node], tmp_path: Path, number: signal.Signals, kind: str) -> None:
    """Nothing is left: after SIGTERM at once, after SIGKILL once `down` has run."""
    manager = nodes[0]
    file = tmp_path / f"{LAB}.yaml"
    file.write_text(STACK)
    with manager.engine.machine.start("up", str(file), "--engine", "swarm") as process:
        until(lambda: bool(manager.docker(kind, "ls", "--quiet")), 60)
        process.send_signal(number)
        process.communicate(timeout=60)
    if number == signal.SIGKILL:
        assert "is down" in manager.synthlab("down", LAB).stdout
    nothing_left(nodes)

"""What the engine of a client's own node does on a swarm: with a context for the node, and without."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from .far import Machine
from .labs import synthlab, until
from .swarm_nodes import Node, containers_of, reaching, swarm_nodes

pytestmark = [
    pytest.mark.docker,
    pytest.mark.issue(14),
    pytest.mark.soak,
    pytest.mark.timeout(400),
    pytest.mark.usefixtures("stack"),
]

LAB = "tools"
STACK = """\
sfu: {image: "debian:bookworm-slim", command: sleep 3600, placement: {node: node3}}
clients:
  a: {image: syntheticnet, placement: {node: node1}, command: sleep 3600}
  b: {image: syntheticnet, placement: {node: node2}, command: sleep 3600, network: {egress: {latency: 40ms}}}
  c: {image: syntheticnet, placement: {node: node3}, command: sleep 3600}
"""
SCENARIO = """\
stack: tools.yaml
steps:
  - {traffic: b, to: c, protocol: udp, rate: 1mbit, for: 4s}
  - expect: b.egress.rate >= 0.8mbit
    within: 10s
  - exec: [getent, hosts, c]
    in: b
  - {pause: c}
  - wait: 2s
  - {unpause: c}
  - {stop: b}
  - {start: b}
"""


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Node]]:
    synthlab("images", "build", seconds=600)
    with swarm_nodes("syntheticnet:latest", "debian:bookworm-slim") as made:
        yield made


@pytest.fixture(scope="module")
def stack(nodes: list[Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The lab's file; the lab is up, and nothing may be left of it anywhere."""
    file = tmp_path_factory.mktemp("swarm") / f"{LAB}.yaml"
    file.write_text(STACK)
    try:
        nodes[0].synthlab("up", str(file), "--engine", "swarm")
        yield file
    finally:
        nodes[0].synthlab("down", LAB, status=None)
    until(lambda: not any(node.leftovers() for node in nodes), 15)


@pytest.fixture(scope="module", name="reaching")
def with_contexts(nodes: list[Node], stack: Path) -> Machine:
    """The manager, with a context for each other node."""
    return reaching(nodes, stack.parent / "contexts")


def states(machine: Machine) -> Mapping[str, str]:
    listed = json.loads(machine.synthlab("ps", "--lab", LAB, "--json").stdout)
    return {one["client"] or one["role"]: one["state"] for one in listed}


def test_without_a_context(nodes: list[Node]) -> None:
    """What runs on the manager's own node needs none; for another one, the line says what to do."""
    manager = nodes[0]
    assert manager.synthlab("exec", "a", "hostname").stdout.strip()
    advice = "docker context create node2 --docker host=ssh://10.99.0.2"
    for words in (
        ("exec", "b", "true"),
        ("capture", "b", "-o", "-", "--for", "1s"),
        ("pause", "b"),
        ("ping", "a", "b"),
        ("ping", "b", "a"),
    ):
        done = manager.synthlab(*words, status=3)
        said = " ".join(done.stderr.split())
        assert said.endswith(f"b: the engine of node node2 is out of reach; create a context for it: {advice}")
    assert set(states(manager.engine.machine).values()) == {"running"}


def test_exec(reaching: Machine) -> None:
    """It runs in the client's container, with the application's user, and its status comes back."""
    assert reaching.synthlab("exec", "b", "getent", "hosts", "c").stdout.split()[1] == "c"
    assert reaching.synthlab("exec", "b", "sh", "-c", "exit 7", status=7).returncode == 7


def test_capture(reaching: Machine, tmp_path: Path) -> None:
    """The file has the packets of the client that was asked for."""
    program = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'of client b', ('c', 9))"
    file = tmp_path / "b.pcapng"
    with reaching.start("capture", "b", "-o", str(file), "--for", "3s") as capture:
        until(lambda: file.exists() and file.stat().st_size > 0, 20)
        reaching.synthlab("exec", "b", "python3", "-c", program)
        assert capture.wait(30) == 0
    assert file.read_bytes().count(b"of client b") >= 2  # on both sides of its conditions, and in what refuses it


def test_ping(reaching: Machine) -> None:
    """Between nodes, and to a server, whose network a container of the lab's image shares."""
    quick = json.loads(reaching.synthlab("ping", "a", "b", "--json").stdout)
    assert 40 <= quick["rtt_ms"] < 80
    assert quick["set"]["back"] == {"b egress": {"latency": "40ms"}}
    assert json.loads(reaching.synthlab("ping", "b", "sfu", "--json").stdout)["rtt_ms"] >= 40


def test_ping_full(reaching: Machine) -> None:
    """Everything is measured between nodes as on one; the text says what the delays each way depend on."""
    text = reaching.synthlab("ping", "b", "c", "--full").stdout
    print(text)
    assert "path MTU    1450" in text
    assert "the clocks of node2 and node3" in text
    for protocol in ("TCP", "UDP"):
        assert f"{protocol}  " in text


def test_pause(reaching: Machine, nodes: list[Node]) -> None:
    """A paused client answers nothing and stays the same container; everybody sees that it is paused."""
    before = containers_of(nodes[0], LAB)["b"]["id"]
    reaching.synthlab("pause", "b")
    assert states(nodes[0].engine.machine)["b"] == "paused"
    reaching.synthlab("show", "b", status=3)
    time.sleep(8)  # the swarm does not replace it
    assert states(nodes[0].engine.machine)["b"] == "paused"
    reaching.synthlab("unpause", "b")
    after = containers_of(nodes[0], LAB)["b"]
    assert (after["state"], after["id"]) == ("running", before)
    assert json.loads(reaching.synthlab("ping", "a", "b", "--json").stdout)["rtt_ms"] >= 40


def test_a_pause_that_another_program_ended(reaching: Machine, nodes: list[Node]) -> None:
    """Where the node's engine is in reach, `ps` says what that says."""
    reaching.synthlab("pause", "b")
    nodes[1].docker("unpause", nodes[1].container("b"))
    assert states(reaching)["b"] == "running"
    nodes[0].docker("service", "update", "--detach", "--label-rm", "synthlab.paused", f"synthlab-{LAB}_b")


def test_stop_of_a_paused_client(reaching: Machine) -> None:
    """It can be stopped, and is not paused once it is back."""
    reaching.synthlab("pause", "b")
    reaching.synthlab("stop", "b")
    assert states(reaching)["b"] == "exited"
    reaching.synthlab("start", "b")
    assert states(reaching)["b"] == "running"


def test_stop_start_restart(nodes: list[Node]) -> None:
    """Each returns once it is done; the client is back with the conditions of the stack. No context is needed."""
    run = nodes[0].synthlab
    run("set", "b", "--egress", "--loss", "100%")
    run("restart", "b")
    assert states(nodes[0].engine.machine)["b"] == "running"
    assert json.loads(run("show", "b", "--json").stdout)["b"]["conditions"]["egress"] == {"latency": "40ms"}
    run("stop", "b")
    assert states(nodes[0].engine.machine)["b"] == "exited"
    assert "is not running" in run("set", "b", "--loss", "1%", status=3).stderr
    run("start", "b")
    assert states(nodes[0].engine.machine)["b"] == "running"
    assert json.loads(run("show", "b", "--json").stdout)["b"]["conditions"]["egress"] == {"latency": "40ms"}
    run("stop", "sfu")
    run("start", "sfu")
    assert states(nodes[0].engine.machine)["sfu"] == "running"


def test_a_scenario(reaching: Machine, stack: Path) -> None:
    """Traffic, commands, a pause, a stop: they work between nodes, and all is as before at the end."""
    file = stack.with_name("tools-scenario.yaml")
    file.write_text(SCENARIO)
    words = ("scenario", "run", str(file), "--lab", LAB, "--evidence", str(stack.with_name("evidence")))
    done = reaching.synthlab(*words, status=None)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("action", ["pause", "stop"])
def test_a_killed_player(reaching: Machine, stack: Path, action: str) -> None:
    """What a scenario has paused or stopped goes on if the player is killed."""
    file = stack.with_name(f"{action}.yaml")
    file.write_text(f"stack: {LAB}.yaml\nsteps:\n  - {{{action}: b}}\n  - wait: 60s\n")
    gone = {"pause": "paused", "stop": "exited"}[action]
    reaching.synthlab("reset", "a", "b", "c")
    words = ("scenario", "run", str(file), "--lab", LAB, "--evidence", str(stack.with_name("evidence")))
    with reaching.start(*words) as player:
        until(lambda: states(reaching)["b"] == gone, 40)
        player.kill()
    until(lambda: states(reaching)["b"] == "running", 30)

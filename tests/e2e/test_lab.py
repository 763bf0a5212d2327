"""`up` and `down` on a real engine, also with interference: nothing is left behind."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synthlab.deploy.compose_file import render
from synthlab.stack import Ports, read_stack

from ..deploy.test_compose_file import everything
from .labs import SYNTHLAB, heeding_interrupts, two_ups
from .leftovers import leftovers

pytestmark = pytest.mark.docker

LAB = "e2e-lab"
TINY = """\
name: e2e-lab
clients:
  client1: {image: syntheticnet, command: sleep 600}
  bot: {image: syntheticnet, command: [sleep, "600"], count: 2, network: {egress: {latency: 10ms}}}
"""


def run(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([SYNTHLAB, *arguments], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == status, done.stderr
    return done


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A stack file of clients without applications; leftovers of a test are removed, but fail it."""
    assert leftovers(LAB) == []
    file = tmp_path / "tiny.yaml"
    file.write_text(TINY)
    yield file
    left = leftovers(LAB)
    subprocess.run([SYNTHLAB, "down", "--lab", LAB], capture_output=True, check=False)
    assert left == []


def test_compose_accepts_what_is_rendered(tmp_path: Path) -> None:
    """Compose accepts every rendered file, and each client gets exactly the stack's values."""
    stack = everything(tmp_path)
    ports = {"one": Ports(api=3001, vnc=5902), "two": Ports()}
    service = _config(render(stack, ports))["services"]["one"]
    environment = {name: value.replace("$$", "$") for name, value in service["environment"].items()}
    assert environment["GREETING"] == "äöü: $$HOME"
    assert environment["ENTRY"] == "echo $HOME && run"
    assert json.loads(environment["SYNTHLAB_CONDITIONS"]) == stack.clients[0].conditions.to_dict()
    assert [(port["host_ip"], port["published"]) for port in service["ports"]] == [
        ("127.0.0.1", "3001"),
        ("127.0.0.1", "5902"),
    ]
    call = read_stack("call")
    rendered = render(call, {client.name: Ports() for client in call.clients})
    assert set(_config(rendered)["services"]) == {"sfu", "client1", "client2", "bot-1", "bot-2"}


@pytest.mark.issue(10)
def test_up_set_down(tiny: Path) -> None:
    """A lab comes up healthy, its clients can be changed by name and group, and it is removed without a trace.

    A concurrent `up` is refused and disturbs nothing.
    """
    listed, result = two_ups(tiny)
    assert result.startswith((f"synthlab: the lab '{LAB}' is being brought up: ", f"synthlab: the lab '{LAB}' is up "))
    assert [(entry["client"], entry["group"], entry["health"]) for entry in listed] == [
        ("client1", "client1", "healthy"),
        ("bot-1", "bot", "healthy"),
        ("bot-2", "bot", "healthy"),
    ]
    assert {entry["forwarder_restarts"] for entry in listed} == {0}
    changed = json.loads(run("set", "bot", "--lab", LAB, "--loss", "5%", "--seed", "7", "--json").stdout)
    wanted = {"ingress": {"loss": "5%"}, "egress": {"loss": "5%", "latency": "10ms"}, "seed": 7}
    assert {name: answer["conditions"] for name, answer in changed.items()} == {"bot-1": wanted, "bot-2": wanted}
    refused = run("set", "client1", "bot", "--lab", LAB, "--reordering", status=2)
    assert refused.stderr.startswith("synthlab: client1: ingress.reordering: requires jitter")
    again = run("up", str(tiny), status=3)
    assert again.stderr.startswith(f"synthlab: the lab '{LAB}' is up already: ")
    shown = json.loads(run("reset", "--lab", LAB, "--json").stdout)
    assert shown["bot-1"]["conditions"]["egress"] == {"latency": "10ms"}
    assert "ingress" not in shown["bot-1"]["conditions"]
    assert run("down", "--lab", LAB).stdout == f"{LAB} is down: 3 containers removed\n"


def test_a_client_that_fails(tiny: Path) -> None:
    """If a client exits at once, `up` shows its last lines and removes everything."""
    tiny.write_text(TINY.replace("command: sleep 600", "command: sh -c 'echo the last words; exit 7'"))
    result = run("up", str(tiny), status=3).stderr
    assert "synthlab: client1 did not come up (Exited (7) " in result
    assert "  the last words\n" in result


def test_an_image_of_another_kind(tiny: Path) -> None:
    """An image not built FROM syntheticnet is refused before anything starts."""
    tiny.write_text(TINY.replace("client1: {image: syntheticnet", "client1: {image: 'debian:bookworm-slim'"))
    result = run("up", str(tiny), status=3).stderr
    assert "client1: image debian:bookworm-slim is not FROM syntheticnet" in result


def test_a_port_that_is_taken(tiny: Path) -> None:
    """A fixed port that is in use is reported before anything starts."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        tiny.write_text(TINY.replace("sleep 600}", f"sleep 600, ports: {{api: {port}}}}}", 1))
        result = run("up", str(tiny), status=3).stderr
    assert result.startswith(f"synthlab: tiny.yaml: clients.client1.ports.api: port {port} of 127.0.0.1 is taken")


@pytest.mark.parametrize(
    ("number", "phase"),
    [
        (signal.SIGINT, "containers: 0/3"),
        (signal.SIGTERM, "containers: 1/3"),
        (signal.SIGINT, "healthy: "),
        pytest.param(signal.SIGTERM, "containers: 0/3", marks=pytest.mark.soak),
        pytest.param(signal.SIGINT, "containers: 1/3", marks=pytest.mark.soak),
        pytest.param(signal.SIGTERM, "healthy: ", marks=pytest.mark.soak),
    ],
)
def test_interrupted(number: signal.Signals, phase: str, tiny: Path) -> None:
    """Ctrl-C or SIGTERM at any time ends `up` quietly and leaves nothing behind."""
    with _up_until(tiny, phase) as process:
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in output


@pytest.mark.parametrize("phase", ["containers: 0/3", "containers: 1/3", "healthy: "])
def test_killed(phase: str, tiny: Path) -> None:
    """After kill -9 of `up` at any time, `down` removes everything, and nothing appears later."""
    with _up_until(tiny, phase) as process:
        process.kill()
    subprocess.run([SYNTHLAB, "down", "--lab", LAB], capture_output=True, check=False, timeout=60)
    time.sleep(3)
    assert leftovers(LAB) == []


def test_down_of_what_was_only_created(tiny: Path) -> None:
    """Containers that never started, and a network without containers, are removed too."""
    rendered = run("render", str(tiny)).stdout
    create = ["docker", "compose", "-f", "-", "create"]
    subprocess.run(create, input=rendered, text=True, capture_output=True, check=True)
    assert run("down", "--lab", LAB).stdout == f"{LAB} is down: 3 containers removed\n"
    network = ["docker", "network", "create", "--label", f"synthlab.lab={LAB}", f"synthlab-{LAB}_default"]
    subprocess.run(network, capture_output=True, check=True)
    assert run("down", "--lab", LAB).stdout == f"{LAB} is down: 0 containers removed\n"


def _up_until(stack: Path, phase: str) -> subprocess.Popen[str]:
    """`up`, run until it reports this phase."""
    command = heeding_interrupts([SYNTHLAB, "up", str(stack)])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    for line in process.stdout:
        if line.startswith(phase):
            return process
    raise AssertionError(f"up never reported '{phase}'")


def _config(rendered: str) -> dict[str, Any]:
    command = ["docker", "compose", "-f", "-", "config", "--format", "json"]
    done = subprocess.run(command, input=rendered, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    config: dict[str, Any] = json.loads(done.stdout)
    return config

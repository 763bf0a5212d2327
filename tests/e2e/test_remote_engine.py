"""The command line on another machine than the engine: over TCP, SSH, and with a docker context."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .far import NEAR, PORT, Machine, context, far_away, ssh
from .leftovers import leftovers

pytestmark = pytest.mark.docker

LAB = "e2e-far"
ADDRESS = f"tcp://{NEAR}:{PORT}"
SERVER = (
    "$server = IO::Socket::INET->new(LocalPort => 9100, Listen => 5, ReuseAddr => 1); "
    'while ($one = $server->accept) { <$one>; print $one "HTTP/1.0 200 OK\\r\\n\\r\\nrooms 3\\n"; close $one }'
)
STACK = f"""\
name: {LAB}
sfu:
  image: debian:bookworm-slim
  command: [perl, -MIO::Socket::INET, -e, '{SERVER}']
  metrics: http://sfu:9100/metrics
clients:
  client1: {{image: syntheticnet, command: sleep 3000}}
  client2: {{image: syntheticnet, command: sleep 3000}}
"""
OTHER = """\
import http.server
class Other(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("x-synthlab-container", "0" * 64)
        self.end_headers()
        self.wfile.write(b'{"monotonic_ns": 1}')
print("ready", flush=True)
http.server.HTTPServer(("127.0.0.1", %d), Other).serve_forever()
"""


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine separate from the engine, from which a lab was brought up."""
    assert leftovers(LAB) == []
    stack = tmp_path_factory.mktemp("stack") / "far.yaml"
    stack.write_text(STACK)
    with far_away():
        machine = Machine({"DOCKER_HOST": ADDRESS, "SYNTHLAB_LAB": LAB})
        try:
            machine.synthlab("up", str(stack))
            yield machine
        finally:
            machine.synthlab("down", "--lab", LAB, status=None)


def test_every_command_goes_through_the_engine(far: Machine, tmp_path: Path) -> None:
    """Everything works without published ports, with the same output."""
    (api,) = {
        row["api"]
        for row in json.loads(far.synthlab("ps", "--lab", LAB, "--json").stdout)
        if row["client"] == "client1"
    }
    assert far.run("python3", "-c", _knock(api), status=None).stdout == "ConnectionRefusedError\n"
    far.synthlab("reset")
    changed = json.loads(far.synthlab("set", "client1", "client2", "--latency", "20ms", "--json").stdout)
    assert {name: answer["conditions"]["egress"] for name, answer in changed.items()} == {
        "client1": {"latency": "20ms"},
        "client2": {"latency": "20ms"},
    }
    assert json.loads(far.synthlab("show", "client1", "--json").stdout)["client1"]["forwarder"]["restarts"] == 0
    assert "client1" in json.loads(far.synthlab("stats", "client1", "--json").stdout)
    trace = tmp_path / "train.mahi"
    trace.write_text("1\n2\n")
    far.synthlab("set", "client2", "--rate-trace", str(trace), "--for", "30s")
    assert far.synthlab("reset", "--json").stdout


def test_what_opens_on_that_machine_only(far: Machine) -> None:
    """For the control page the command line prints how to reach it; `doctor` checks the connection."""
    result = far.synthlab("open", "client1", status=3).stderr
    assert f"is on the engine's machine ({ADDRESS}) and does not reach client1 from here" in result
    findings = json.loads(far.synthlab("doctor", "--json", status=None).stdout)
    assert any(one["subject"] == "docker command" and one["ok"] for one in findings)


def test_the_media_servers_metrics(far: Machine) -> None:
    """The metrics are read next to the media server, through the engine."""
    shown = json.loads(far.synthlab("stats", "sfu", "--json").stdout)
    assert shown["sfu"] == {"metrics": {"values": {"rooms": 3.0}, "error": None}}


def test_errors_are_the_same(far: Machine) -> None:
    """An invalid value is refused with the same line and status as locally."""
    refused = far.synthlab("set", "client1", "client2", "--reordering", status=2).stderr
    assert refused.startswith("synthlab: client1: ingress.reordering: requires jitter")


def test_another_container_at_the_port_is_not_asked(far: Machine) -> None:
    """If the port belongs to a foreign container, that one is left alone."""
    rows = json.loads(far.synthlab("ps", "--lab", LAB, "--json").stdout)
    for port in (int(row["api"].rpartition(":")[2]) for row in rows if row["client"] == "client1"):
        command = ["ip", "netns", "exec", "e2e-far", "python3", "-c", OTHER % port]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as other:
            try:
                assert other.stdout
                assert other.stdout.readline()
                far.synthlab("set", "client1", "--loss", "1%")
            finally:
                other.kill()


def test_a_container_that_is_gone(far: Machine) -> None:
    """The engine's error is passed on, in one line."""
    far.run("docker", "kill", f"synthlab-{LAB}-client2-1")
    result = far.synthlab("show", "client2", status=3).stderr
    assert result == "synthlab: client2 has no API: its container is not running (see `synthlab ps`)\n"
    far.synthlab("restart", "client2")


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("kind", [context, pytest.param(ssh, marks=pytest.mark.soak)])
def test_other_ways_to_the_engine(kind: Callable[[Path, str], dict[str, str]], tmp_path: Path) -> None:
    """A docker context and SSH are honoured by API calls and by the `docker` command."""
    machine = Machine({**kind(tmp_path, ADDRESS), "SYNTHLAB_LAB": LAB})
    shown = json.loads(machine.synthlab("set", "client1", "--loss", "2%", "--json").stdout)
    assert shown["client1"]["conditions"]["egress"]["loss"] == "2%"
    assert f"{LAB} " in machine.synthlab("ls").stdout
    stack = tmp_path / "one.yaml"
    stack.write_text("name: e2e-far-two\nclients:\n  one: {image: syntheticnet, command: sleep 600}\n")
    machine.synthlab("up", str(stack))
    assert "e2e-far-two is down: 1 container removed" in machine.synthlab("down", "--lab", "e2e-far-two").stdout


def _knock(url: str) -> str:
    port = url.rpartition(":")[2]
    asked = f"socket.create_connection(('127.0.0.1', {port}), 2)"
    return f"import socket\ntry:\n    {asked}\nexcept OSError as error:\n    print(type(error).__name__)"

"""The image for graphical applications: a screen, and tools that see the network like the application does."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from .labs import lab_up, synthlab, until

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.issue(10)]

NAME = "e2e-family"
STACK = f"""\
name: {NAME}
clients:
  desk: {{image: "syntheticnet:vnc", headless: false, network: {{egress: {{latency: 40ms}}}}}}
  bare: {{image: "syntheticnet:vnc", headless: true, command: iperf3 --server}}
"""


@pytest.fixture(scope="module", autouse=True)
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    stack = tmp_path_factory.mktemp("stack") / "family.yaml"
    stack.write_text(STACK)
    with lab_up(NAME, stack):
        yield


def test_a_terminal_on_a_screen() -> None:
    """VNC answers, and the default terminal runs, as an ordinary user."""
    (row,) = [row for row in json.loads(synthlab("ps", "--json", "--lab", NAME).stdout) if row["client"] == "desk"]
    host, _, port = row["vnc"].rpartition(":")
    with socket.create_connection((host, int(port)), 5) as screen:
        assert screen.recv(12).startswith(b"RFB 003")
    until(lambda: "xterm" in _run("desk", "sh", "-c", "cat /proc/*/comm"))
    assert _run("desk", "id", "-un") == "app\n"
    assert synthlab("logs", "desk", "--lab", NAME).stdout == ""


def test_tools_see_the_conditioned_network() -> None:
    """`ping` and `iperf3` are conditioned, `ip` shows the application's interface, `tcpdump` is installed."""
    pinged = _run("desk", "ping", "-c", "2", "-i", "0.2", "bare")
    assert "2 received" in pinged
    assert 40 <= float(pinged.rsplit("=", 1)[1].split("/")[1]) < 80
    assert "synth0" in _run("desk", "ip", "-brief", "address")
    measured = json.loads(_run("desk", "iperf3", "--json", "--time", "1", "--client", "bare"))
    assert measured["end"]["sum_received"]["bits_per_second"] > 0
    assert "tcpdump version" in _run("desk", "tcpdump", "--version")


def test_without_a_screen() -> None:
    """Headless, the image has no X server and runs the stack's command."""
    running = _run("bare", "sh", "-c", "cat /proc/*/comm")
    assert "iperf3" in running
    assert "Xvnc" not in running


def _run(client: str, *command: str) -> str:
    return synthlab("exec", client, "--lab", NAME, "--", *command).stdout

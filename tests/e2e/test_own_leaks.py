"""No packet of a wrapped service passes unconditioned: at the start, without its companion, on a network added later.

A recorder that runs from before the first start to the end sees every frame of the network that could reach it.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .labs import docker, synthlab, until
from .own_projects import IMAGE, project_image

pytestmark = [pytest.mark.docker, pytest.mark.issue(13), pytest.mark.soak, pytest.mark.timeout(300)]

LAB, FIRST, SECOND = "own-leaks", "own-leaks-first", "own-leaks-second"
MARK, PORT, TCP_PORT = b"unconditioned", 7000, 7001

RECORD = f"""
import socket, time
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
print("recording", flush=True)
while True:
    frame, (_, _, kind, _, _) = frames.recvfrom(65536)
    is_syn = frame[23:24] == b"\\x06" and frame[36:38] == ({TCP_PORT}).to_bytes(2, "big")
    if kind != socket.PACKET_OUTGOING and ({MARK!r} in frame or is_syn):
        print(time.time(), flush=True)
"""
SHOUT = f"""
import contextlib, socket, time
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
while True:
    for target in ("TARGETS".split(",")):
        with contextlib.suppress(OSError):
            udp.sendto({MARK!r}, (target, {PORT}))
        with socket.socket() as tcp, contextlib.suppress(OSError):
            tcp.setblocking(False)
            tcp.connect((target, {TCP_PORT}))
    time.sleep(0.002)
"""


class Recorder:
    """A container that records what reaches it of the service, on one network."""

    def __init__(self, network: str) -> None:
        self.name = f"{network}-recorder"
        run = ("run", "--detach", "--init", "--name", self.name, "--network", network, IMAGE, "python3", "-c", RECORD)
        docker(*run)
        until(lambda: "recording" in docker("logs", self.name), 10)
        shown = json.loads(docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", self.name))
        self.address = str(shown[network]["IPAddress"])

    def seen(self) -> list[float]:
        """When the frames arrived."""
        return [float(line) for line in docker("logs", self.name).splitlines() if line[0].isdecimal()]


@pytest.fixture
def recorders() -> Iterator[tuple[Recorder, Recorder]]:
    project_image()
    try:
        for network in (FIRST, SECOND):
            docker("network", "create", network)
        yield Recorder(FIRST), Recorder(SECOND)
    finally:
        synthlab("down", LAB, status=None)
        for network in (FIRST, SECOND):
            subprocess.run(["docker", "rm", "--force", f"{network}-recorder"], capture_output=True, check=False)
            subprocess.run(["docker", "network", "rm", network], capture_output=True, check=False)


def test_nothing_leaks(recorders: tuple[Recorder, Recorder], tmp_path: Path) -> None:
    """Not at the start, nor while the companion is killed, stopped, restarted or given a network. Then it passes."""
    first, second = recorders
    targets = f"{first.address},{second.address},255.255.255.255"
    service = {
        "image": IMAGE,
        "command": ["python3", "-u", "-c", SHOUT.replace("TARGETS", targets)],
        "init": True,
        "x-synthlab": {"egress": {"outage": True}},
    }
    file = tmp_path / "compose.yaml"
    networks = {"default": {"external": True, "name": FIRST}}
    file.write_text(json.dumps({"services": {"loud": service}, "networks": networks}))
    synthlab("up", "-f", str(file), "--lab", LAB)
    companion = docker("compose", "-p", f"synthlab-{LAB}", "ps", "--all", "--quiet", "loud-network").strip()
    time.sleep(2)
    for end in (("kill",), ("stop", "--time", "2")):
        docker(*end, companion)
        time.sleep(1)
        synthlab("restart", "loud", "--lab", LAB)
        time.sleep(1)
    docker("restart", "--time", "1", companion)
    time.sleep(1)
    synthlab("restart", "loud", "--lab", LAB)
    with _connected(companion):
        time.sleep(2)
    time.sleep(1)
    assert (first.seen(), second.seen()) == ([], [])
    synthlab("set", "loud", "--lab", LAB, "--no-outage")
    until(lambda: len(first.seen()) > 10, 10)
    with _connected(companion):
        time.sleep(2)
    assert second.seen() == []


@contextmanager
def _connected(companion: str) -> Iterator[None]:
    docker("network", "connect", SECOND, companion)
    yield
    docker("network", "disconnect", SECOND, companion)

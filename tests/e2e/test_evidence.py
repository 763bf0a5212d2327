"""Evidence of a real lab: packets on both sides of the conditions, screenshots, and nothing left behind."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

import pytest

from synthlab.control.backend import make_backend
from synthlab.control.container_lookup import find_member
from synthlab.engine.exec import end
from synthlab.errors import SynthlabError
from synthlab.runner.evidence import Evidence
from synthlab.runner.evidence.screenshots import Screenshot, screenshots
from tests.runner.evidence import pcapng

from .labs import SYNTHLAB, docker, lab_up, synthlab, until
from .pair import Pair

# A run collects evidence once and then exits, so it does not close its connections to the APIs.
pytestmark = [pytest.mark.docker, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

LAB = "e2e-evidence"
STACK = """\
clients:
  client1:
    image: syntheticnet
    command: >-
      python3 -c "%s"
  client2: {image: syntheticnet, command: sleep 600, env: {SYNTHLAB_USER: nobody}}
  web: {app: chrome, headless: true, url: "data:text/html,<h1>one</h1>", tabs: ["data:text/html,<h1>two</h1>"]}
"""
# Receives datagrams; otherwise their sender would get ICMP errors.
SINK = "import socket; s = socket.socket(2, 2); s.bind(('', 5000)); [s.recv(2000) for _ in iter(int, 1)]"
APPLICATION, NETWORK, MARKS = "application side", "network side", "actions and their times"
PORT, COUNT = 5000, 50
WORLD = make_backend()
# The length of traffic.py's frames; no others in the lab are that long.
SIZE = 333
CAPTURER = "65312"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    stack = tmp_path_factory.mktemp("stack") / "evidence.yaml"
    stack.write_text(STACK % SINK)
    with lab_up(LAB, stack, "--ttl", "10min"):
        until(lambda: len(opened()) == 2, 60)  # `up` waits for the client, not for the browser's pages
        yield Pair(LAB)


def opened() -> list[Screenshot]:
    with contextlib.suppress(SynthlabError):
        return screenshots(WORLD.engine, find_member(*WORLD.members(LAB), "web"))
    return []


@pytest.fixture
def evidence(lab: Pair) -> Iterator[Evidence]:
    with closing(Evidence(WORLD, LAB)) as evidence:
        evidence.watch(["client2"])
        until(lambda: len(capturers(lab)) == 1)
        time.sleep(0.3)  # it has changed its user; let it read everything that arrived meanwhile
        yield evidence
        lab.reset()
    gc.collect()  # while warnings are being ignored


def capturers(lab: Pair, client: str = "client2") -> list[int]:
    """The capture processes of a client's container, by their ids on the host."""
    rows = docker("top", lab.container(client), "-eo", "pid,uid").splitlines()[1:]
    return [int(row.split()[0]) for row in rows if row.split()[1] == CAPTURER]


def send(lab: Pair) -> None:
    """Datagrams from client2 to client1, spaced so that none waits for another."""
    lab.traffic("client2", "send", lab.address("client1"), PORT, COUNT, 100, SIZE - 14 - 20 - 8).result()
    time.sleep(0.2)


def collected(evidence: Evidence, folder: Path) -> pcapng.Capture:
    files = evidence.collect(folder)
    assert "missing evidence" not in files, (folder / "problems.txt").read_text()
    return pcapng.read((folder / files["packets of client2"]).read_bytes())


def sent(capture: pcapng.Capture, side: str) -> list[pcapng.Packet]:
    return [packet for packet in capture.of(side) if packet.length == SIZE]


def test_latency_separates_the_two_sides(lab: Pair, evidence: Evidence, tmp_path: Path) -> None:
    """Each packet is captured when the application sends it, and at least 50 ms later on the wire."""
    late = lab.late()
    lab.set("--egress", "--latency", "50ms")
    evidence.mark("client2: egress latency 50ms")
    send(lab)
    capture = collected(evidence, tmp_path)
    before, left = sent(capture, APPLICATION), {packet.data[42:]: packet for packet in sent(capture, NETWORK)}
    after = [left[packet.data[42:]] for packet in before if packet.data[42:] in left]
    assert (len(before), list(left.values())) == (COUNT, after)
    assert COUNT - len(after) <= lab.late() - late < COUNT / 2
    assert {packet.direction for packet in before + after} == {"outbound"}
    came = {packet.data[42:]: packet.at_ns for packet in before}
    late_ms = [(packet.at_ns - came[packet.data[42:]]) / 1e6 for packet in after]
    assert min(late_ms) >= 50
    assert median(late_ms) < 55  # a busy machine is late; the median is within the self-test's tolerance
    assert {len(packet.data) for packet in before + after} == {192}
    (mark,) = capture.of(MARKS)
    assert mark.comment == "client2: egress latency 50ms"
    assert mark.at_ns < before[0].at_ns
    assert capture.names == {APPLICATION: "synth0", NETWORK: "eth0", MARKS: "marks"}
    assert (capture.dropped, capture.received[NETWORK] >= len(after)) == ({APPLICATION: 0, NETWORK: 0}, True)


def test_lost_packets_appear_on_one_side_only(lab: Pair, evidence: Evidence, tmp_path: Path) -> None:
    """At 100 % loss the application's packets never reach the wire."""
    lab.set("--egress", "--loss", "100%")
    send(lab)
    capture = collected(evidence, tmp_path)
    assert (len(sent(capture, APPLICATION)), len(sent(capture, NETWORK))) == (COUNT, 0)


def test_all_evidence(lab: Pair, evidence: Evidence, tmp_path: Path) -> None:
    """Within ten seconds: a screenshot of each tab, logs, conditions and stats of all clients, and captured packets."""
    lab.set("--egress", "--loss", "7%")
    start = time.monotonic()
    files = evidence.collect(tmp_path)
    assert time.monotonic() - start < 12
    clients = ("client1", "client2", "web")
    assert set(files) == {
        "packets of client2",
        "conditions of all clients",
        "stats of all clients",
        "containers",
        "screenshot 1 of web",
        "screenshot 2 of web",
        "console of web",
        *(f"log of {client}" for client in clients),
    }
    pictures = [(tmp_path / f"screenshots/web-{number}.png").read_bytes() for number in (1, 2)]
    assert all(picture.startswith(b"\x89PNG\r\n\x1a\n") for picture in pictures)
    assert pictures[0] != pictures[1]
    conditions = json.loads((tmp_path / "conditions.json").read_text())
    assert conditions["client2"]["conditions"]["egress"] == {"loss": "7%"}
    assert set(json.loads((tmp_path / "stats.json").read_text())) == set(clients)
    assert json.loads((tmp_path / "containers.json").read_text())["web"]["state"] == "running"


def test_the_capturing_process(lab: Pair, evidence: Evidence) -> None:
    """The capture process has no capability, sleeps when idle, and exits when evidence is closed."""
    (pid,) = capturers(lab)
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Groups"].strip()) == ("1", "")
    sleeps = wakings(pid)
    time.sleep(2)
    assert wakings(pid) - sleeps <= 40  # occasional ARP; polling every 20 ms would wake it 100 times
    evidence.close()
    until(lambda: capturers(lab) == [])


def wakings(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("\nvoluntary_ctxt_switches:")[1].split()[0])


def test_the_command_writes_a_complete_file(lab: Pair, tmp_path: Path) -> None:
    """`capture` runs for a time or until Ctrl-C, into a file or a pipe, and counts both sides."""
    file = tmp_path / "a.pcapng"
    done = synthlab("capture", "client2", "-o", str(file), "--for", "1s", "--lab", LAB)
    assert "packets on the application side" in done.stderr.splitlines()[-1]
    assert set(pcapng.read(file.read_bytes()).received) == {APPLICATION, NETWORK}
    command = [SYNTHLAB, "capture", "client2", "-o", "-", "--snaplen", "full", "--lab", LAB]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as capturing:
        assert capturing.stdout
        head = capturing.stdout.read(4)
        send(lab)
        capturing.send_signal(signal.SIGINT)
        capture = pcapng.read(head + capturing.stdout.read())
    assert capturing.returncode == 0
    assert capture.dropped == {APPLICATION: 0, NETWORK: 0}
    assert [len(packet.data) for packet in sent(capture, APPLICATION)] == [SIZE] * COUNT


def test_a_killed_command_leaves_nothing_behind(lab: Pair, tmp_path: Path) -> None:
    """After kill -9, without cleanup, the process in the container still exits, and the file is readable."""
    file = tmp_path / "a.pcapng"
    command = [SYNTHLAB, "capture", "client2", "-o", str(file), "--lab", LAB]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as capturing:
        until(lambda: len(capturers(lab)) == 1 and file.stat().st_size > 0)
        os.kill(capturing.pid, signal.SIGKILL)
    until(lambda: capturers(lab) == [])
    assert set(pcapng.read(file.read_bytes()).names) == {APPLICATION, NETWORK, MARKS}


@pytest.mark.parametrize("client", ["client1", "client2"])
def test_the_application_cannot_capture(lab: Pair, client: str) -> None:
    """As the application's user, even root, the same program gets no packet socket."""
    process = WORLD.engine.start_program(
        find_member(*WORLD.members(lab.name), client), "capture", ("ring", client, 192, 30, 1 << 20, 0)
    )
    _, errors = process.communicate(timeout=30)
    end(process)
    assert process.returncode == 1
    assert errors.decode().strip() == "cannot capture: [Errno 1] Operation not permitted"


def test_clients_that_ended_are_reported(lab: Pair, evidence: Evidence, tmp_path: Path) -> None:
    """A restarted client is captured again; for an exited browser there are an error line and its log."""
    docker("kill", lab.container("web"))
    docker("restart", "-t", "0", lab.container("client2"))
    until(lambda: len(capturers(lab)) == 1)
    time.sleep(0.5)
    files = evidence.collect(tmp_path)
    assert {"packets of client2", "log of web"} <= files.keys()
    assert NETWORK in pcapng.read((tmp_path / files["packets of client2"]).read_bytes()).received
    problems = (tmp_path / files["missing evidence"]).read_text().splitlines()
    missing = dict(line.split(": ", 1) for line in problems)
    assert missing.keys() == {"packets of client2", "console of web", "screenshots of web"}
    assert missing["packets of client2"].startswith("the capture ended at ")
    assert missing["screenshots of web"].startswith("not running (Exited (137) ")
    assert "its container is not running" in missing["console of web"]

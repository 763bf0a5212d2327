"""A client that changes its network: seen from outside, under a stream, and while its processes fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from synthlab import Client, Lab
from synthlab.control.backend import make_backend

from .labs import docker, lab_up, synthlab, until
from .pair import Traffic

pytestmark = [
    pytest.mark.docker,
    pytest.mark.issue(17),
    pytest.mark.soak,
    pytest.mark.usefixtures("lab"),
    pytest.mark.timeout(300),
]

LAB = "roaming-e2e"
OWN_MS, HOME_MS, LTE_MS = 30, 40, 60
STACK = f"""\
routers:
  home: {{nat: port-restricted, network: {{egress: {{latency: {HOME_MS}ms}}}}}}
  lte: {{nat: symmetric, network: {{egress: {{latency: {LTE_MS}ms}}}}}}
clients:
  phone:
    image: syntheticnet
    command: sleep 3600
    uplinks: [home, lte]
    network: {{egress: {{latency: {OWN_MS}ms}}, ingress: {{latency: {OWN_MS}ms}}}}
  ada: {{image: syntheticnet, command: sleep 3600, uplink: home}}
  out: {{image: syntheticnet, command: sleep 3600}}
"""
PYTHON = "/opt/synthlab/bin/python"
SAY_WHO = """\
import select, socket, sys
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind(("", 7100))
print("ready", flush=True)
while sys.stdin not in select.select([sys.stdin, own], [], [])[0]:
    data, peer = own.recvfrom(64)
    own.sendto(peer[0].encode(), peer)
"""
ASK_WHO = """\
import socket, sys
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.settimeout(0.5)
for attempt in range(10):
    try:
        own.sendto(b"?", (sys.argv[1], 7100))
        print(own.recv(64).decode(), own.getsockname()[1])
        break
    except OSError:
        pass
"""
"""Asks whoever is outside from which address the question came."""
ROUND_TRIPS = """\
import contextlib, json, select, socket, struct, sys, time
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.setblocking(False)
sent, times = 0, []
while not select.select([sys.stdin], [], [], 0.002)[0]:
    with contextlib.suppress(OSError):
        own.sendto(struct.pack("!d", time.monotonic()), (sys.argv[1], int(sys.argv[2])))
        sent += 1
    with contextlib.suppress(OSError):
        while True:
            times.append(time.monotonic() - struct.unpack_from("!d", own.recv(64))[0])
least = [one * 1000 for one in sorted(times)[:5]]
print(json.dumps({"sent": sent, "received": len(times), "least_ms": least[0], "next_ms": least[1:]}))
"""
"""A datagram every two milliseconds for `echo` of traffic.py, also while there is no way out."""
LINKS = """\
import json, socket
from syntheticnet.supervisor.rtnetlink import RouteSocket
with RouteSocket() as kernel:
    print(json.dumps({
        one.name: [[address.host for address in kernel.addresses(one.index)], len(kernel.routes(one.index))]
        for one in kernel.devices() if one.name in ("synth0", "synth1")
    }))
"""
ROAMS = 20
STAY_S = 0.3
"""Longer than a round trip, so that answers come in each network."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    stack = tmp_path_factory.mktemp("stack") / "roaming.yaml"
    stack.write_text(STACK)
    with lab_up(LAB, stack):
        yield LAB


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server outside that answers with the address that it sees."""
    command = ["docker", "exec", "-i", _container("out"), PYTHON, "-c", SAY_WHO]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout
        assert serving.stdout.readline() == "ready\n"
        yield _address("out")
        serving.communicate()  # it ends with its input


@pytest.fixture(scope="module")
def phone(lab: str) -> Iterator[Client]:
    """The client that changes its network."""
    with Lab.attach(lab) as attached:
        yield attached["phone"]


@pytest.fixture(autouse=True)
def at_home(phone: Client) -> Iterator[None]:
    """The client is in its first network before and after each test."""
    yield
    if _uplink()["in_use"] != "home":
        phone.roam("home")


@pytest.mark.parametrize("how", ["jump", "step"])
def test_the_outer_address_changes(phone: Client, server: str, how: str) -> None:
    """Outside, the client has one router's address and then the other's; inside, it sees one network at a time."""
    assert _seen(server) == _address("home")
    assert _links() == {"synth0": [[_given("home")], 1], "synth1": [[], 0]}
    phone.roam("lte", how=how)
    assert _seen(server) == _address("lte")
    assert _links() == {"synth0": [[], 0], "synth1": [[_given("lte")], 1]}
    phone.roam("home", how=how)
    assert _seen(server) == _address("home")


def test_a_new_address(phone: Client) -> None:
    """In the same network, a neighbour meets the client at the new address, and no longer at the old one."""
    before = _given("home")
    after = str((phone.roam(new_address=True).uplink or {})["address"])
    assert after != before
    assert _arrive("ada", after)
    assert not _arrive("ada", before)
    assert (phone.roam(new_address=True).uplink or {})["address"] == before
    assert _arrive("ada", before)


def test_a_network_that_is_not_in_use_leads_nowhere(phone: Client) -> None:
    """A neighbour at home does not reach a client that is away, also not at its control port; the host does."""
    phone.roam("lte")
    assert not _arrive("ada", _given("home"))
    tried = Traffic(_container("ada"), "try_tcp", _given("home"), 80).result()
    assert tried["outcome"] != "connected"
    assert _uplink()["in_use"] == "lte"


@pytest.mark.parametrize("how", ["jump", "step"])
def test_no_packet_is_unconditioned(phone: Client, how: str) -> None:
    """Over 20 roams each way under streams, none is early: out through each router and back, and from a neighbour."""
    echo = Traffic(_container("out"), "echo", 6103).ready()
    sink = Traffic(_container("phone"), "sink", 6104).ready()
    with _streaming("phone", ROUND_TRIPS, _address("out"), "6103") as trips:
        sending = Traffic(_container("ada"), "send", _given("home"), 6104, 100 * ROAMS, 100, 100)
        for to in ("lte", "home") * ROAMS:
            phone.roam(to, how=how, gap="100ms")
            time.sleep(STAY_S)
    sending.result()
    found, arrived = trips(), sink.result()
    echo.result()
    assert found["received"] > 0.2 * found["sent"]
    assert found["least_ms"] >= 2 * OWN_MS + HOME_MS, found
    assert 0 < arrived["received"] < 100 * ROAMS
    assert arrived["least_ms"] >= OWN_MS


def test_a_forwarder_that_is_killed_comes_back_in_the_same_network(phone: Client, server: str) -> None:
    """Its successor knows both networks, and the conditions."""
    phone.roam("lte")
    before = int(phone.state().restarts)
    os.kill(_forwarder("phone"), signal.SIGKILL)
    until(lambda: int(phone.state().restarts) == before + 1, 10)
    assert _uplink()["in_use"] == "lte"
    assert _seen(server) == _address("lte")
    phone.roam("home")
    assert _seen(server) == _address("home")


def test_a_restart_begins_in_the_first_network(phone: Client, server: str) -> None:
    """Whatever was in use before, as everything about a client is after a restart as at its start."""
    phone.roam("lte")
    synthlab("restart", "phone", "--lab", LAB)
    assert _uplink()["in_use"] == "home"
    assert _seen(server) == _address("home")


def test_a_command_that_is_interrupted_leaves_the_client_in_one_network() -> None:
    """The client ends what it has begun; until then another request is refused in one line."""
    command = ["roam", "phone", "--to", "lte", "--gap", "6s", "--lab", LAB]
    with subprocess.Popen([".venv/bin/synthlab", *command], stderr=subprocess.DEVNULL) as roaming:
        until(lambda: _uplink()["on_the_way_to"] == "lte", 10)
        assert _uplink()["in_use"] is None
        roaming.send_signal(signal.SIGINT)
    refused = synthlab("roam", "phone", "--to", "home", "--lab", LAB, status=2)
    assert refused.stderr == "synthlab: phone: roam: the client is on its way to lte: wait until it is there\n"
    until(lambda: _uplink()["in_use"] == "lte", 10)


def test_refused_in_one_line() -> None:
    """Each wrong request says what is allowed, and changes nothing."""
    for arguments, said in (
        (["phone", "--to", "home"], "phone: roam: the client is in home already"),
        (["phone", "--to", "lt"], "phone has no uplink 'lt'; did you mean lte?; it has: home, lte"),
        (["ada", "--to", "lte"], "ada has one network only: give it `uplinks: [home, ...]` instead of `uplink`"),
        (["out", "--new-address"], "out is behind no router, and changes no network: give it `uplinks: [home, lte]`"),
        (["home", "--to", "lte"], "home is not a client, and only clients change their network"),
    ):
        assert said in synthlab("roam", *arguments, "--lab", LAB, status=2).stderr
    assert _uplink()["in_use"] == "home"


@contextmanager
def _streaming(client: str, script: str, *arguments: str) -> Iterator[Any]:
    """Runs a script in a client until the block ends; what is yielded then returns its answer."""
    command = ["docker", "exec", "-i", _container(client), PYTHON, "-c", script, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        answers: list[str] = []
        yield lambda: json.loads(answers[0])
        answers.append(process.communicate()[0])


def _seen(server: str) -> str:
    """The phone's address as a server outside sees it."""
    return docker("exec", _container("phone"), PYTHON, "-c", ASK_WHO, server).split()[0]


def _arrive(sender: str, address: str) -> bool:
    """Whether datagrams to this address of the phone arrive there."""
    sink = Traffic(_container("phone"), "sink", 6105).ready()
    Traffic(_container(sender), "send", address, 6105, 20, 100, 100).result()
    return bool(sink.result()["received"])


def _links() -> dict[str, list[Any]]:
    """Addresses, and the number of routes, of each interface that the application may see."""
    found: dict[str, list[Any]] = json.loads(docker("exec", _container("phone"), PYTHON, "-c", LINKS))
    return found


def _forwarder(name: str) -> int:
    """The id, on this machine, of a container's forwarder: the process of its user."""
    rows = docker("top", _container(name), "-o", "pid,uid").splitlines()[1:]
    return next(int(pid) for pid, uid in map(str.split, rows) if uid == "65310")


def _given(router: str) -> str:
    """The phone's address, by the engine, in a router's network."""
    networks = json.loads(docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", _container("phone")))
    return next(str(one["IPAddress"]) for name, one in networks.items() if name.endswith(f"lan-{router}"))


def _container(name: str) -> str:
    return f"synthlab-{LAB}-{name}-1"


def _address(name: str) -> str:
    """Of a router that at its uplink."""
    return next(one.address for one in make_backend().members(LAB)[1] if one.title == name)


def _uplink() -> Any:
    return json.loads(synthlab("show", "phone", "--lab", LAB, "--json").stdout)["phone"]["uplink"]

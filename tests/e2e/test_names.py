"""Names of services in flows and partitions: on all networks, over IPv4 and IPv6, after a container was replaced."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .labs import docker, lab_up, synthlab, until
from .own_projects import PROJECTS, OwnProject, project_image, settled, wrapped

pytestmark = [pytest.mark.docker, pytest.mark.issue(13), pytest.mark.timeout(300)]

FILES = [PROJECTS / "networks" / "compose.yaml"]
STATES = {"edge": "running", "core": "running", "user": "running"}
LATENCY_MS = 100
QUICK_MS = 100
FOLLOWED_S = 3.0
"""How long a flow may take to follow a container: a lookup each second, on a busy machine."""

TCP = """\
import json, socket, sys, time
host, port = sys.argv[1], int(sys.argv[2])
found = {}
for family, kind, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
    with socket.socket(family, kind) as one:
        one.settimeout(2)
        start = time.monotonic()
        try:
            one.connect(address)
            outcome = "connected"
        except OSError as error:
            outcome = type(error).__name__
        found[address[0]] = [outcome, (time.monotonic() - start) * 1000]
print(json.dumps(found))
"""
SINK = """\
import socket, sys, time
sink = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
sink.bind(("::", int(sys.argv[1])))
print("ready", flush=True)
seen, end = {}, time.monotonic() + 3
while (left := end - time.monotonic()) > 0:
    sink.settimeout(left)
    try:
        source = sink.recvfrom(99)[1][0]
    except OSError:
        break
    family = "4" if source.startswith("::ffff:") else "6"
    seen[family] = seen.get(family, 0) + 1
print(seen.get("4", 0), seen.get("6", 0))
"""
SEND = """\
import socket, sys, time
for family, kind, _, _, address in socket.getaddrinfo(sys.argv[1], int(sys.argv[2]), type=socket.SOCK_DGRAM):
    with socket.socket(family, kind) as one:
        for _ in range(20):
            one.sendto(b"x", address)
            time.sleep(0.01)
"""
STACK = f"""\
ip: dual
clients:
  two:
    image: syntheticnet
    command: sleep infinity
    network: {{flows: {{"one:udp": {{egress: {{latency: {LATENCY_MS}ms}}}}}}}}
  one: {{image: syntheticnet, command: sleep infinity}}
"""
SERVES = "import socket; print(socket.socket(socket.AF_INET).connect_ex(('127.0.0.1', 8000)) == 0)"


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    project_image()


def connections(own: OwnProject, source: str, host: str) -> dict[str, tuple[str, float]]:
    """What became of a connection to each address of a host, and after how many milliseconds."""
    found = json.loads(own.run(source, "python3", "-c", TCP, host, "8000"))
    return {address: (outcome, took) for address, (outcome, took) in found.items()}


def datagrams(own: OwnProject, source: str, target: str) -> tuple[int, int]:
    """How many of 20 datagrams arrive over IPv4, and how many over IPv6."""
    command = ["docker", "exec", own.container(target), "python3", "-c", SINK, "5000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sink:
        assert sink.stdout
        assert sink.stdout.readline() == "ready\n"
        own.run(source, "python3", "-c", SEND, target, "5000")
        over_4, over_6 = sink.stdout.read().split()
    return int(over_4), int(over_6)


def are_slow(own: OwnProject, source: str, host: str) -> bool:
    """Whether the latency, both ways, delays connections to all addresses of a host, at least one of each family."""
    found = connections(own, source, host)
    assert all(outcome == "connected" for outcome, _ in found.values())
    assert {":" in address for address in found} == {False, True}
    return all(took >= 2 * LATENCY_MS for _, took in found.values())


@contextmanager
def taken(network: str) -> Iterator[None]:
    """Another container takes the addresses that are free in a network, lowest first."""
    name = "own-names-stranger"
    docker("run", "--rm", "--detach", "--name", name, "--network", network, "debian:bookworm-slim", "sleep", "300")
    try:
        yield
    finally:
        docker("rm", "--force", name)


@contextmanager
def made_anew(own: OwnProject, service: str) -> Iterator[None]:
    """Compose, not synthlab, makes the container of a service again; within, it serves."""
    docker("compose", "-p", own.name, "-f", str(FILES[0]), "up", "--detach", "--no-deps", service)
    try:
        until(lambda: own.run(service, "python3", "-c", SERVES) == "True", 10)
        yield
    finally:
        docker("rm", "--force", own.container(service))


def addresses(own: OwnProject, host: str) -> set[str]:
    return {line.split()[0] for line in own.run("edge", "getent", "ahosts", host).splitlines()}


def test_a_flow_follows_a_container() -> None:
    """A service that Compose makes anew has other addresses, and the flow that names it has its conditions there."""
    with wrapped("names", FILES, "--impair", "edge") as own:
        settled(own, STATES)
        lab = own.name.removeprefix("synthlab-")
        synthlab("set", "edge", "--lab", lab, "--flow", "user:tcp:8000", "--latency", f"{LATENCY_MS}ms")
        assert are_slow(own, "edge", "user")
        before = addresses(own, "user")
        docker("rm", "--force", own.container("user"))
        with taken(f"{own.name}_front"), made_anew(own, "user"):
            begun = time.monotonic()
            assert not before & addresses(own, "user")
            until(lambda: are_slow(own, "edge", "user"), FOLLOWED_S)
            took = time.monotonic() - begun
            synthlab("reset", "edge", "--lab", lab)  # the flow of before would match first
            synthlab("partition", "user", "edge", "--lab", lab)
            assert {outcome for outcome, _ in connections(own, "edge", "user").values()} == {"TimeoutError"}
            synthlab("partition", "user", "edge", "--lab", lab, "--heal")
            print(f"the flow has followed after {took:.1f} s")
        (_, quick) = connections(own, "edge", "core").popitem()[1]
        assert quick < QUICK_MS


@pytest.mark.soak
def test_a_flow_follows_an_impaired_service() -> None:
    """The addresses are its companion's; `synthlab stop` and `start` may change them."""
    with wrapped("names", FILES, "--impair", "edge", "--impair", "user") as own:
        settled(own, STATES)
        lab = own.name.removeprefix("synthlab-")
        synthlab("set", "edge", "--lab", lab, "--flow", "user:tcp:8000", "--latency", f"{LATENCY_MS}ms")
        assert are_slow(own, "edge", "user")
        before = addresses(own, "user")
        synthlab("stop", "user", "--lab", lab)
        docker("stop", "--time", "1", own.container("user-network"))
        with taken(f"{own.name}_front"):
            synthlab("restart", "user", "--lab", lab)
            assert not before & addresses(own, "user")
            until(lambda: are_slow(own, "edge", "user"), FOLLOWED_S)


@pytest.mark.soak
def test_partitions() -> None:
    """What passes each way, over both protocols: nothing, refused at once, one way only, for a time, and all again."""
    with wrapped("names", FILES, "--impair", "edge") as own:
        settled(own, STATES)
        lab = own.name.removeprefix("synthlab-")

        def partition(*options: str) -> None:
            synthlab("partition", *options, "--lab", lab)

        def passing() -> tuple[tuple[int, int], tuple[int, int]]:
            return datagrams(own, "edge", "user"), datagrams(own, "user", "edge")

        everything, nothing = (20, 20), (0, 0)
        assert passing() == (everything, everything)
        partition("edge", "user")
        assert passing() == (nothing, nothing)
        assert {outcome for outcome, _ in connections(own, "edge", "user").values()} == {"TimeoutError"}
        assert {outcome for outcome, _ in connections(own, "edge", "core").values()} == {"connected"}
        partition("edge", "user", "--heal")
        assert passing() == (everything, everything)
        for ends, expected in (
            (("edge", "user"), (nothing, everything)),
            (("user", "edge"), (everything, nothing)),
        ):
            partition(*ends, "--one-way")
            assert passing() == expected, ends
            partition("edge", "user", "--heal")
        partition("edge", "user", "--reject")
        for source, host in (("edge", "user"), ("user", "edge")):
            for outcome, took in connections(own, source, host).values():
                assert (outcome, took < QUICK_MS) == ("ConnectionRefusedError", True)
        assert passing() == (nothing, nothing)
        partition("edge", "user", "--heal")
        begun = time.monotonic()
        partition("edge", "user", "--for", "10s")
        seen = datagrams(own, "edge", "user")
        assert time.monotonic() < begun + 10, "this machine is too slow"
        assert seen == nothing
        until(lambda: time.monotonic() > begun + 11, 20)
        assert passing() == (everything, everything)


@pytest.mark.soak
def test_a_flow_of_a_stack(tmp_path: Path) -> None:
    """A flow of a stack that names another client is in force over both protocols, though that one starts later."""
    (tmp_path / "named.yaml").write_text(STACK)
    with lab_up("own-named", tmp_path / "named.yaml") as lab:

        def quickest(*options: str) -> float:
            measured = json.loads(synthlab("ping", "one", "two", "--json", "--lab", lab, *options).stdout)
            return float(min(measured["rtts_ms"]))

        until(lambda: quickest() >= LATENCY_MS, 10)
        assert quickest("-6") >= LATENCY_MS
        assert LATENCY_MS <= quickest() < LATENCY_MS + QUICK_MS

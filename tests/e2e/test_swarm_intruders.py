"""Attackers of a lab on three nodes: neighbours, other stacks, labs and machines, and root inside. All fail."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from synthlab.control.client_api import HttpClientApi
from synthlab.engine.swarm_engine import SwarmEngine as Engine
from synthlab.errors import SynthlabError

from .labs import synthlab, until
from .strangers import run_script
from .swarm_members import Member, named, recording
from .swarm_nodes import HUB, NETWORK, Node, containers_of, swarm_nodes

pytestmark = [pytest.mark.docker, pytest.mark.issue(14), pytest.mark.soak, pytest.mark.timeout(600)]

LAB, OTHER = "guarded", "other"
STACK = """\
clients:
  victim: {image: syntheticnet, command: python3 -m http.server 9222, placement: {node: node2}}
  away: {image: syntheticnet, command: sleep 3600, placement: {node: node3}}
"""
OTHER_STACK = "clients: {stranger: {image: syntheticnet, command: sleep 3600, placement: {node: node2}}}"
CONTROL = "80,5901,9222,9223,65311,65400"
TLS = 65400
CLOSED = {"TimeoutError", "ConnectionRefusedError", "timeout", "OSError"}  # the last one is: no route
REFUSED = "HTTP/1.1 401 Unauthorized"
STATE = "GET /v1/state"
AS_APPLICATION = ("/opt/synthlab/bin/python", "-I", "-m", "syntheticnet.supervisor.application")


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Node]]:
    """The nodes, with the lab on them."""
    synthlab("images", "build", seconds=600)
    stack = tmp_path_factory.mktemp("swarm") / f"{LAB}.yaml"
    stack.write_text(STACK)
    with swarm_nodes("syntheticnet:latest", "debian:bookworm-slim") as made:
        try:
            made[0].synthlab("up", str(stack), "--engine", "swarm")
            yield made
        finally:
            made[0].synthlab("down", LAB, status=None)
        until(lambda: not any(node.leftovers() for node in made), 15)


@pytest.fixture(scope="module")
def victim(nodes: list[Node]) -> Member:
    return Member(nodes[1], f"synthlab-{LAB}_victim")


@pytest.fixture(scope="module")
def neighbours(nodes: list[Node]) -> Iterator[list[Member]]:
    """Containers that another stack attached to the lab's overlay, with Docker's defaults: on each node one."""
    with _service(nodes, "e2e-neighbour", f"synthlab-{LAB}_lab") as made:
        yield made


@pytest.fixture(scope="module")
def outsiders(nodes: list[Node]) -> Iterator[list[Member]]:
    """Containers of another stack, with an overlay of their own: on each node one."""
    nodes[0].docker("network", "create", "--driver", "overlay", "e2e-outside")
    try:
        with _service(nodes, "e2e-outsider", "e2e-outside") as made:
            yield made
    finally:
        until(lambda: _removed(nodes[0], "e2e-outside"))


@contextmanager
def _service(nodes: list[Node], name: str, network: str) -> Iterator[list[Member]]:
    made = ["service", "create", "--detach", "--mode", "global", "--name", name, "--network", network]
    made += ["--no-resolve-image", "--endpoint-mode", "dnsrr", "--stop-grace-period", "1s", "--entrypoint", "sleep"]
    nodes[0].docker(*made, "syntheticnet", "3600")
    members = [Member(node, name) for node in nodes]
    try:
        until(lambda: all(member.runs for member in members))
        yield members
    finally:
        nodes[0].docker("service", "rm", name, status=None)


def _removed(node: Node, network: str) -> bool:
    node.docker("network", "rm", network, status=None)
    return network not in node.docker("network", "ls")


def _port(node: Node, lab: str = LAB, client: str = "victim") -> str:
    """The published port of a client's API."""
    return str(containers_of(node, lab)[client]["api"].rpartition(":")[2])


def _token(manager: Node, lab: str = LAB) -> str:
    """The lab's token, which only the manager has."""
    configs = manager.docker("config", "ls", "--quiet", "--filter", f"label=synthlab.lab={lab}").split()
    contents = [json.loads(manager.docker("config", "inspect", each))[0]["Spec"]["Data"] for each in configs]
    (access,) = [text for text in map(base64.b64decode, contents) if b"token" in text]
    return str(json.loads(access)["token"])


def _bearer(token: str) -> str:
    return f"Authorization: Bearer {token}"


def _from(space: str, *attack: str) -> dict[str, Any]:
    """The result of one mode of intruder.py on the host of this namespace."""
    return run_script("nsenter", f"--net={named(space)}", sys.executable, "-", *attack)


def _unchanged(nodes: list[Node]) -> None:
    states = json.loads(nodes[0].synthlab("show", "--json", "--lab", LAB).stdout)
    assert {name: state["conditions"].keys() for name, state in states.items()} == {
        "victim": {"seed"},
        "away": {"seed"},
    }


def test_neighbours(nodes: list[Node], victim: Member, neighbours: list[Member]) -> None:
    """No control port answers a neighbour on the overlay, nor at the client's address on its node's own bridge.

    The published port wants the token.
    """
    for neighbour in neighbours:
        assert set(neighbour.attempt("connect", victim.address, CONTROL).values()) <= CLOSED
        asked = neighbour.attempt("connect", victim.address, CONTROL, "GET /v1/state HTTP/1.0\r\n\r\n")
        assert set(asked.values()) <= CLOSED
        assert set(neighbour.attempt("tls", victim.bridged, "80,65311,65400", STATE).values()) <= {*CLOSED, REFUSED}
        (answer,) = neighbour.attempt("tls", nodes[1].address, _port(nodes[0]), STATE).values()
        assert answer in {*CLOSED, REFUSED}
    _unchanged(nodes)


def test_a_neighbour_goes_past_the_overlay(victim: Member, neighbours: list[Member]) -> None:
    """Frames to the client's hardware address, for another address of it or of somebody else, are not answered.

    A client forwards nothing for others.
    """
    mac = str(victim.network["MacAddress"])
    with recording(named("e2e-node2")) as node, recording(named(HUB)) as hub:
        for neighbour in neighbours:
            for target, port in ((victim.bridged, TLS), (victim.bridged, 80), (f"{NETWORK}.254", 80)):
                went = neighbour.attempt("past", victim.address, mac, target, str(port))
                assert went["answers"] == 0, (neighbour.node.name, target, port)
    # Between the nodes, what the neighbours sent themselves is seen, too.
    own = [neighbour.network["MacAddress"] for neighbour in neighbours]
    passed = [row for seen in (node, hub) for row in seen.rows if row[3] == f"{NETWORK}.254:80"]
    assert [row for row in passed if row[1] not in own] == []


def test_forged_routers(victim: Member, neighbours: list[Member]) -> None:
    """Router advertisements and redirects of a neighbour on the same node, or on another one, change nothing."""
    read = ("exec", victim.container, "sh", "-c", "cat /proc/net/if_inet6 /proc/net/ipv6_route /proc/net/route")
    before, mac = victim.node.docker(*read), str(victim.network["MacAddress"])
    gateway = ".".join([*victim.address.split(".")[:3], "1"])
    for neighbour in neighbours[1:]:
        assert neighbour.attempt("advertise", mac)["sent"] == 10
        neighbour.attempt("redirect", victim.address, mac, gateway, "192.0.2.7")
    assert victim.node.docker(*read) == before
    counts = victim.node.docker("exec", victim.container, "cat", "/proc/net/snmp").splitlines()
    names, values = (row.split() for row in counts if row.startswith("Icmp:"))
    assert dict(zip(names, values, strict=True))["InRedirects"] == "0"


def test_another_stack(nodes: list[Node], victim: Member, outsiders: list[Member]) -> None:
    """Containers of another stack on the same nodes get nothing; the published port wants the token."""
    for outsider in outsiders:
        assert set(outsider.attempt("connect", victim.address, CONTROL).values()) <= CLOSED
        assert set(outsider.attempt("tls", victim.bridged, "80,65311,65400", STATE).values()) <= {*CLOSED, REFUSED}
        (answer,) = outsider.attempt("tls", nodes[1].address, _port(nodes[0]), STATE).values()
        assert answer in {*CLOSED, REFUSED}


@pytest.mark.parametrize("space", [HUB, "e2e-node2", "e2e-node3"])
def test_other_machines(nodes: list[Node], victim: Member, space: str) -> None:
    """Without the token 401, whatever else a request has; plain HTTP is not answered; no other port is open."""
    host, port, token = nodes[1].address, _port(nodes[0]), _token(nodes[0])
    wrong = (
        (),
        ("Authorization: Bearer wrong",),
        ("Authorization: Bearer ",),
        (f"Authorization: Basic {token}",),
        (f"Cookie: token={token}",),
        (_bearer(token[:-1]),),
        (_bearer(token.swapcase()),),
        ("Origin: https://evil.example",),
        ("Host: lab.evil.example",),
    )
    for request in (STATE, "PATCH /v1/conditions", f"GET /v1/state?token={token}", "OPTIONS /v1/conditions"):
        for headers in wrong:
            assert _from(space, "tls", host, port, request, *headers) == {port: REFUSED}, (request, headers)
    nothing_there = "HTTP/1.1 404 Not Found"
    for target, answer in {
        9222: "HTTP/1.1 200 OK",
        5901: nothing_there,
        80: nothing_there,
        65311: nothing_there,
    }.items():
        assert _from(space, "tls", host, port, f"CONNECT localhost:{target}") == {port: REFUSED}
        assert _from(space, "tls", host, port, f"CONNECT localhost:{target}", _bearer(token)) == {port: answer}
    assert _from(space, "tls", host, port, STATE, _bearer(token)) == {port: "HTTP/1.1 200 OK"}
    plain = _from(space, "connect", host, port, "GET /v1/state HTTP/1.0\r\n\r\n")
    assert "HTTP" not in plain[port]
    assert "conditions" not in plain[port]
    assert set(_from(space, "connect", host, "80,3000,5901,9222,65311,65400").values()) <= CLOSED
    if space == "e2e-node2":  # the client's own node, which is the gateway of its bridge
        assert set(_from(space, "connect", victim.bridged, "80,5901,9222,65311").values()) <= CLOSED
        assert _from(space, "tls", victim.bridged, str(TLS), STATE) == {str(TLS): REFUSED}
    _unchanged(nodes)


def test_tokens_of_others(nodes: list[Node], tmp_path: Path) -> None:
    """The token of another lab, or of an earlier one of the same name, opens nothing; its clients get nothing."""
    stack = tmp_path / f"{OTHER}.yaml"
    stack.write_text(OTHER_STACK)
    manager, old = nodes[0], ""
    try:
        for _ in range(2):
            manager.synthlab("up", str(stack), "--engine", "swarm")
            token, port = _token(manager, OTHER), _port(manager, OTHER, "stranger")
            assert token not in (old, _token(manager))
            for wrong in filter(None, (old, _token(manager))):
                assert _from(HUB, "tls", nodes[1].address, port, STATE, _bearer(wrong)) == {port: REFUSED}
            assert _from(HUB, "tls", nodes[1].address, port, STATE, _bearer(token)) == {port: "HTTP/1.1 200 OK"}
            ours = _port(manager)
            assert _from(HUB, "tls", nodes[1].address, ours, STATE, _bearer(token)) == {ours: REFUSED}
            if not old:
                stranger, victim = (Member(nodes[1], f"synthlab-{one}") for one in ("other_stranger", "guarded_victim"))
                assert set(stranger.attempt("connect", victim.address, CONTROL).values()) <= CLOSED
                assert set(stranger.attempt("connect", nodes[1].address, ours).values()) <= CLOSED
                manager.synthlab("down", OTHER)
            old = token
    finally:
        manager.synthlab("down", OTHER, status=None)


def test_root_inside(nodes: list[Node], victim: Member) -> None:
    """An application that runs as root finds no token, gets no rights of PID 1, and cannot change its own network."""
    seized = victim.attempt("seize", within=AS_APPLICATION)
    assert seized["uid"] == 0
    assert {name: outcome for name, outcome in seized["attempts"].items() if outcome not in ("EPERM", "EACCES")} == {}
    assert victim.attempt("control", "65311", within=AS_APPLICATION)["mark"] == "Operation not permitted"
    assert set(victim.attempt("forwarded", "127.0.0.1", within=AS_APPLICATION)["statuses"]) == {
        "HTTP/1.1 403 Forbidden"
    }
    for address in ("127.0.0.1", victim.address, victim.bridged):
        answers = victim.attempt("tls", address, str(TLS), "PATCH /v1/conditions", within=AS_APPLICATION)
        assert set(answers.values()) <= {*CLOSED, REFUSED}
    token = _token(nodes[0])
    assert _files_with(victim, token) == []
    assert _files_with(victim, hashlib.sha256(token.encode()).hexdigest()) != []
    _unchanged(nodes)


def _files_with(member: Member, text: str) -> list[str]:
    search = f"grep -rlsF {text} /run /etc /tmp /root /opt/synthlab /proc/[0-9]*/environ; true"
    return member.node.docker("exec", member.container, "sh", "-c", search).splitlines()


def test_a_machine_that_pretends_to_be_a_node(tmp_path: Path) -> None:
    """With any other certificate than the lab's, it does not get the token."""
    (ours, _), (_, theirs) = (Engine().make_access("syntheticnet") for _ in range(2))
    key = tmp_path / "theirs.pem"
    key.write_text(theirs)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(key)
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:
        heard = pool.submit(_heard_over_tls, listening, context)
        remote = HttpClientApi("victim", f"https://127.0.0.1:{listening.getsockname()[1]}", access=ours)
        with pytest.raises(SynthlabError, match="certificate verify failed"):
            remote.state()
        assert heard.result(10) == b""


def _heard_over_tls(listening: socket.socket, context: ssl.SSLContext) -> bytes:
    with suppress(OSError), context.wrap_socket(listening.accept()[0], server_side=True) as connection:
        return connection.recv(1000)
    return b""

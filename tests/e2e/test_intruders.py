"""Attackers in a real lab: neighbours, other networks, pages, and applications as root. All are refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import create_connection
from typing import Any

import pytest

from synthlab import SynthlabError

from .labs import SYNTHLAB, lab_up, reconnect, synthlab, until
from .pair import Pair, Traffic
from .strangers import address, attempt, capabilities, container, forged_ipv6, output, run_script, status_of

pytestmark = pytest.mark.docker

NAME = "e2e-intruders"
STACK = f"""\
name: {NAME}
clients:
  client1: {{app: chrome, url: "about:blank", headless: false}}
  client2: {{image: syntheticnet, command: tail -f /dev/null, allow: [friend]}}
  friend: {{image: syntheticnet, command: sleep 3000}}
"""
CONTROL = "80,5901,9222,9223,65311"
CLOSED = ("TimeoutError", "ConnectionRefusedError", "timeout")
# An ordinary container may accept IPv6 and router advertisements.
HEEDING = ("net.ipv6.conf.all.disable_ipv6=0", "net.ipv6.conf.eth0.accept_ra=1")
NET_ADMIN = 1 << 12
OURS = NET_ADMIN | 1 << 13  # NET_RAW
CODE = ("/opt/synthlab/lib/python3.11/site-packages", "/usr/lib/python3.11")


class Lab(Pair):
    """The lab under attack."""

    def ports(self, client: str) -> dict[str, Any]:
        (row,) = [row for row in self.rows() if row["client"] == client]
        return row

    def api(self, client: str) -> int:
        return int(self.ports(client)["api"].rpartition(":")[2])

    def gateway(self) -> str:
        return str(self.network("client1")["Gateway"])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    stack = tmp_path_factory.mktemp("stack") / "intruders.yaml"
    stack.write_text(STACK)
    with lab_up(NAME, stack):
        yield Lab(NAME)


def test_a_neighbour_gets_nothing(lab: Lab) -> None:
    """API, screen and debugger answer the host; no control port answers a neighbour."""
    with _intruder(lab) as intruder:
        heard = attempt(intruder, "connect", lab.address("client1"), CONTROL)
        asked = attempt(intruder, "connect", lab.address("client1"), "80,9222", "GET /v1/state HTTP/1.0\r\n\r\n")
    assert set(heard.values()) | set(asked.values()) <= set(CLOSED)
    assert status_of(lab.api("client1")) == 200
    screen = int(lab.ports("client1")["vnc"].rpartition(":")[2])
    with create_connection(("127.0.0.1", screen), 5) as connection:
        assert connection.recv(12).startswith(b"RFB 003")


def test_a_container_of_another_network_gets_nothing(lab: Lab) -> None:
    """Refused at the client's address and at the published port, on any address of the host."""
    published = lab.api("client1")
    with container("bridge") as outsider:
        for host in (lab.gateway(), "172.17.0.1"):
            heard = attempt(outsider, "connect", host, str(published), "GET /v1/state HTTP/1.0\r\n\r\n")
            assert set(heard.values()) <= set(CLOSED)
        assert set(attempt(outsider, "connect", lab.address("client1"), CONTROL).values()) <= set(CLOSED)


def test_a_neighbour_cannot_pretend_to_be_the_host(lab: Lab) -> None:
    """A container that claims the gateway's address receives an ordinary container's answers, never a client's."""
    with _intruder(lab) as intruder, container(f"synthlab-{NAME}_default", "python3 -m http.server 80") as ordinary:
        spoof = "spoof", address(ordinary), lab.gateway(), "80"
        until(lambda: attempt(intruder, *spoof)["answers"] > 0)  # it may not be listening yet
        for client, port in (("client1", "80"), ("client1", "5901"), ("client2", "80")):
            assert attempt(intruder, "spoof", lab.address(client), lab.gateway(), port)["answers"] == 0
    assert status_of(lab.api("client1")) == 200


def test_a_false_gateway_at_the_start(lab: Lab) -> None:
    """If an impostor claims the host's address while a client starts, it never gets access; the command line works."""
    with _intruder(lab) as intruder:
        pretending = Traffic(intruder, "pretend", lab.gateway(), script="intruder.py").ready()
        synthlab("restart", "client2", "--lab", NAME)
        assert pretending.result()["claims"] > 0
    logs = subprocess.run(["docker", "logs", lab.container("client2")], capture_output=True, text=True, check=True)
    if f"both claim the gateway's address {lab.gateway()}: the control ports stay closed" not in logs.stderr:
        assert status_of(lab.api("client2")) == 200  # an impostor slower than 30 ms is too late anyway
    shown = json.loads(synthlab("set", "client2", "--loss", "1%", "--json", "--lab", NAME).stdout)
    assert shown["client2"]["conditions"]["ingress"] == {"loss": "1%"}
    synthlab("restart", "client2", "--lab", NAME)
    assert status_of(lab.api("client2")) == 200


@pytest.mark.issue(10)
def test_a_forged_router_advertisement(lab: Lab) -> None:
    """An ordinary container accepts an address and a route from it; a client's interfaces have no IPv6 at all."""
    with _intruder(lab, "net.ipv6.conf.all.disable_ipv6=0") as intruder, _intruder(lab, *HEEDING) as ordinary:
        for container in (ordinary, lab.container("client1"), lab.container("client2")):
            mac = output("docker", "exec", container, "sh", "-c", "cat /sys/class/net/[es]*0/address | tail -1")
            assert attempt(intruder, "advertise", mac.strip())["sent"] == 10
        until(lambda: forged_ipv6(ordinary) == (["eth0"], ["eth0"]))
        assert forged_ipv6(lab.container("client1")) == forged_ipv6(lab.container("client2")) == ([], [])
    read = "cd /proc/sys/net/ipv6/conf; grep . */accept_ra"
    result = output("docker", "exec", lab.container("client2"), "sh", "-c", read)
    heeding = {row.split("/")[0] for row in result.split() if not row.endswith(":0")}
    assert heeding <= {"all", "lo"}


@pytest.mark.issue(10)
def test_a_forged_redirect(lab: Lab) -> None:
    """A neighbour that sends redirects as the gateway cannot divert a client's packets through itself."""
    client, target = lab.container("client2"), "192.0.2.7"
    mac = str(lab.network("client2")["MacAddress"])
    with _intruder(lab) as intruder:
        ask = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('192.0.2.7', 9))"
        output("docker", "exec", client, "python3", "-c", ask)
        attempt(intruder, "redirect", lab.address("client2"), mac, lab.gateway(), target)
        attempt(intruder, "redirect", lab.address("client2"), mac, lab.gateway(), target)
    counts = output("docker", "exec", client, "cat", "/proc/net/snmp").splitlines()
    names, values = (row.split() for row in counts if row.startswith("Icmp:"))
    assert dict(zip(names, values, strict=True))["InRedirects"] == "0"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "lab.evil.example"}, 403),
        ({"Host": "client1"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PATCH", "OPTIONS"])
def test_pages_of_others_and_rebound_names(lab: Lab, method: str, headers: dict[str, str], status: int) -> None:
    """A page in the host's browser gets nothing, by any host name or method."""
    wanted = 405 if method == "OPTIONS" and status == 200 else status
    assert status_of(lab.api("client1"), method, headers) == wanted


def test_who_is_allowed(lab: Lab) -> None:
    """Clients listed under `allow` have the host's rights on that client; others still have none."""
    change = "PATCH", "/v1/conditions", "Host: client2", "Content-Type: application/json"
    deadline = time.monotonic() + 8
    status = ""
    while "200" not in status and time.monotonic() < deadline:
        status = attempt(lab.container("friend"), "http", "client2", "80", *change)["status"]
    assert status == "HTTP/1.1 200 OK"
    assert lab.state()["conditions"]["ingress"]["loss"] == "99%"
    lab.reset()
    assert attempt(lab.container("friend"), "http", "client1", "80", *change)["status"] in CLOSED
    with _intruder(lab) as intruder:
        assert attempt(intruder, "http", lab.address("client2"), "80", *change)["status"] in CLOSED


def test_no_process_has_our_capabilities(lab: Lab) -> None:
    """Only PID 1 has NET_ADMIN, no process has NET_RAW, except those the engine grants to `docker exec`.

    PID 1 cannot pass it on to any program.
    """
    script = "for f in /proc/[0-9]*/status; do cat $f; echo; done 2>/dev/null; true"
    for client in ("client1", "client2"):
        result = output("docker", "exec", lab.container(client), "sh", "-c", script)
        others = [text for text in result.split("\n\n") if "CapEff" in text and "\nPid:\t1\n" not in text]
        processes = [capabilities(text) for text in others]
        # started by the engine: this docker exec, and the sleeping health probe
        assert {name for name, held in processes if held & OURS} <= {"sh", "cat", "sleep"}
        assert {held & OURS for name, held in processes if name in ("python", "python3", "tail", "chromium")} == {0}
        (first,) = [text for text in result.split("\n\n") if "\nPid:\t1\n" in text]
        sets = {row[:6]: int(row[8:], 16) & OURS for row in first.splitlines() if row.startswith("Cap")}
        assert sets == {"CapPrm": NET_ADMIN, "CapEff": NET_ADMIN, "CapInh": 0, "CapBnd": 0, "CapAmb": 0}
        assert [name for name, held in processes].count("python") >= 2
    for client in ("client1", "client2"):
        _, held = capabilities(output(SYNTHLAB, "exec", client, "--lab", NAME, "--", "cat", "/proc/self/status"))
        assert held == 0 if client == "client1" else held and not held & OURS


@pytest.mark.issue(10)
@pytest.mark.parametrize(("client", "root"), [("client1", False), ("client2", True)])
def test_no_process_inside_gets_the_rights_of_pid_1(lab: Lab, client: str, root: bool) -> None:
    """As an ordinary user or as root, the application cannot trace, read or kill PID 1, nor change the network."""
    result = run_script(*_as_application(lab, client), "seize")
    assert (result["uid"] == 0) == root
    assert {name: outcome for name, outcome in result["attempts"].items() if outcome not in ("EPERM", "EACCES")} == {}
    assert result["state"] == "S"
    assert lab.state(client)["forwarder"]["state"] == "well"


def test_root_inside_cannot_use_the_hosts_port(lab: Lab) -> None:
    """An application running as root can read its API, but cannot change its network or mark a packet."""
    inside = _as_application(lab, "client2")
    result = run_script(*inside, "control", "65311")
    assert result == {"mark": "Operation not permitted", "door": "timed out"}
    asked = "http", "127.0.0.1", "80", "PATCH", "/v1/conditions", "Host: localhost"
    assert run_script(*inside, *asked)["status"] == "HTTP/1.1 403 Forbidden"


@pytest.mark.issue(10)
@pytest.mark.parametrize(("client", "root"), [("client1", False), ("client2", True)])
def test_no_header_makes_the_application_the_host(lab: Lab, client: str, root: bool) -> None:
    """Whatever its headers claim, as an ordinary user or as root, the application cannot change its own network."""
    before = lab.state(client)["conditions"]
    result = run_script(*_as_application(lab, client), "forwarded", lab.gateway())
    assert (result["uid"] == 0) == root
    assert set(result["statuses"]) == {"HTTP/1.1 403 Forbidden"}
    assert lab.state(client)["conditions"] == before


def test_root_inside_cannot_alter_the_forwarder(lab: Lab) -> None:
    """With all Python code of the container overwritten, a killed forwarder restarts with the same conditions."""
    lab.set("--latency", "5ms")
    before = lab.state()
    with _intruder(lab) as container:
        assert attempt(container, "overwrite", *CODE)["files"] > 500  # the attack affects code that is read from files
        assert subprocess.run(
            ["docker", "exec", container, "python3", "-c", ""], check=False, capture_output=True
        ).returncode
    attempt(lab.container("client2"), "overwrite", *CODE)
    os.kill(_host_pid(lab, "65310"), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _restarts(lab) == before["forwarder"]["restarts"]:
        time.sleep(0.1)
    after = lab.state()
    assert after["forwarder"]["restarts"] == before["forwarder"]["restarts"] + 1
    assert after["conditions"] == before["conditions"]
    network = f"synthlab-{NAME}_default"  # nor the takeover of an interface
    reconnect(network, lab.container("client2"))
    until(lambda: synthlab("show", "client2", "--lab", NAME, status=None).returncode == 0)


def _as_application(lab: Lab, client: str) -> list[str]:
    """The command that runs a script from stdin as a client's application."""
    inside = ["docker", "exec", "-i", lab.container(client), "/opt/synthlab/bin/python", "-I", "-m"]
    return [*inside, "syntheticnet.supervisor.application", "python3", "-"]


def _restarts(lab: Lab) -> int:
    with suppress(SynthlabError):
        return int(lab.state()["forwarder"]["restarts"])
    return 0


def _host_pid(lab: Lab, uid: str) -> int:
    result = output("docker", "top", lab.container("client2"), "-eo", "pid,uid")
    (pid,) = [int(row.split()[0]) for row in result.splitlines()[1:] if row.split()[1] == uid]
    return pid


@contextmanager
def _intruder(lab: Lab, *settings: str) -> Iterator[str]:
    """A container next to the clients, with Docker's defaults: root with raw sockets."""
    with container(f"synthlab-{lab.name}_default", settings=settings) as name:
        yield name

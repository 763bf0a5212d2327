"""Look-ups are led to the resolver: real packets on the loopback of a network namespace of the test's own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

pytestmark = [pytest.mark.veth, pytest.mark.issue(17)]

# Servers answer with their own name. The engine's is at 127.0.0.11:53 and, as some programs find out, at another port.
PROGRAM = """
import json, os, socket, sys
from threading import Thread
from syntheticnet.supervisor.lookup_redirect import redirect_lookups

OURS, API, APPLICATION = 65314, 65311, 1000

def datagrams(name, address):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(address)
    def serve():
        while True:
            server.sendto(name, server.recvfrom(99)[1])
    Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]

def streams(name, address):
    server = socket.create_server(address)
    def serve():
        while True:
            server.accept()[0].sendall(name)
    Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]

def over_udp(address, own=None, port=0):
    with own or socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        if not own:
            one.bind(("127.0.0.1", port))
            one.connect(address)
        one.settimeout(3)
        one.send(b"?")
        return one.recv(99).decode(), one.getsockname()[1]

def over_tcp(address):
    with socket.create_connection(address, 3) as one:
        return one.recv(99).decode()

def as_user(user, ask):
    reader, writer = os.pipe()
    if not os.fork():
        os.setuid(user)
        os.write(writer, ask().encode())
        os._exit(0)
    os.wait()
    return os.read(reader, 99).decode()

ENGINE, ODD, ELSEWHERE = ("127.0.0.11", 53), ("127.0.0.11", 40000), ("127.0.0.1", 53)
for address in (ENGINE, ODD, ELSEWHERE):
    datagrams(b"engine" if address != ELSEWHERE else b"elsewhere", address)
    streams(b"engine", address)
held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
held.connect(ENGINE)
held.settimeout(3)
held.send(b"?")
found = {"before": held.recv(99).decode()}
ports = datagrams(b"resolver", ("127.0.0.1", 0)), streams(b"resolver", ("127.0.0.1", 0))
for _ in range(2):
    redirect_lookups(ENGINE[0], "127.0.0.1", ports, (OURS, API))
found["held"], _ = over_udp(ENGINE, held)
found["udp"], port = over_udp(ENGINE)
found["odd port"], _ = over_udp(ODD)
found["tcp"] = over_tcp(ENGINE)
found["elsewhere"], _ = over_udp(ELSEWHERE)
for name, user in (("application", APPLICATION), ("ours", OURS), ("api", API)):
    found[f"udp by {name}"] = as_user(user, lambda: over_udp(ENGINE)[0])
    found[f"tcp by {name}"] = as_user(user, lambda: over_tcp(ENGINE))
    found[f"same port, by {name}"] = as_user(user, lambda: over_udp(ENGINE, port=port)[0])
print(json.dumps(found))
"""


def test_all_but_ours_is_led_to_the_resolver() -> None:
    """Over UDP and TCP, from sockets that are older than the rule, at any port of the engine, whoever used the port."""
    started = ["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$0" -c "$1"', sys.executable, PROGRAM]
    done = subprocess.run(started, capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)
    spared = {f"{how} by {name}" for how in ("udp", "tcp", "same port,") for name in ("ours", "api")}
    assert found == {
        "before": "engine",
        "elsewhere": "elsewhere",
        **dict.fromkeys(spared, "engine"),
        **dict.fromkeys(("held", "udp", "odd port", "tcp"), "resolver"),
        **{f"{how} by application": "resolver" for how in ("udp", "tcp", "same port,")},
    }

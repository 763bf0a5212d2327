"""A container beside the clients, which knows the addresses of the host, and asks the lab API there."""

from __future__ import annotations

import json
import socket
import subprocess
from typing import Any

import pytest

from ..labs import docker
from .server import LAB, Server

pytestmark = [pytest.mark.docker, pytest.mark.issue(12)]

NETWORK = f"synthlab-{LAB}_default"
ASK = """
import json, socket, sys
found = {}
for address, port in json.loads(sys.argv[1]):
    try:
        socket.create_connection((address, port), 1).close()
        found[f"{address} {port}"] = "connected"
    except OSError as error:
        found[f"{address} {port}"] = type(error).__name__
print(json.dumps(found))
"""


def host_addresses() -> list[str]:
    """All of this machine's, its bridges' too, but loopback ones, which in a container are its own."""
    listed = subprocess.run(["ip", "-json", "address"], capture_output=True, text=True, check=True).stdout
    addresses = [one for interface in json.loads(listed) for one in interface["addr_info"]]
    return [one["local"] for one in addresses if one["scope"] == "global"]


def gateway() -> str:
    """The host's address in the lab's network."""
    return docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", NETWORK).strip()


def asked(*places: tuple[str, int]) -> Any:
    """What a container in the lab's network learns from each address and port."""
    python = ("run", "--rm", "--network", NETWORK, "--entrypoint", "python3", "syntheticnet", "-c", ASK)
    return json.loads(docker(*python, json.dumps(places)))


def test_a_neighbour_gets_no_connection(server: Server) -> None:
    """Neither by the bridge's gateway nor by any address of the host; a server on all addresses it does reach."""
    port = server.http.base_url.port
    assert port
    addresses = {gateway(), *host_addresses()}
    with socket.create_server(("0.0.0.0", 0)) as open_to_all:
        control = open_to_all.getsockname()[1]
        learned = asked(*((address, port) for address in addresses), (gateway(), control))
    assert learned.pop(f"{gateway()} {control}") == "connected"
    assert len(learned) == len(addresses)
    assert "connected" not in learned.values(), learned

"""Containers outside the lab, their attacks, and kernel data about a container's processes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any


def forged_ipv6(container: str) -> tuple[list[str], list[str]]:
    """Interfaces with an address of the forged network, and those with an IPv6 default route."""
    addresses, routes = (
        [row.split() for row in output("docker", "exec", container, "cat", f"/proc/net/{name}").splitlines()]
        for name in ("if_inet6", "ipv6_route")
    )
    led = {row[-1] for row in routes if row[1] == "00" and row[-1] != "lo"}
    return sorted(row[-1] for row in addresses if row[0].startswith("20010db8")), sorted(led)


def capabilities(status: str) -> tuple[str, int]:
    """The name of a process, and the union of its capability sets."""
    rows = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    sets = [int(value, 16) for name, value in rows.items() if name.startswith("Cap")]
    held = 0
    for each in sets:
        held |= each
    return rows["Name"], held


def status_of(port: int, method: str = "GET", headers: dict[str, str] | None = None) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        body = "{}" if method == "PATCH" else None
        connection.request(method, "/v1/conditions", body, {"Content-Type": "application/json"} | (headers or {}))
        return connection.getresponse().status
    finally:
        connection.close()


@contextmanager
def container(network: str, command: str = "sleep 600", settings: Sequence[str] = ()) -> Iterator[str]:
    program, *arguments = command.split()
    made = ["docker", "run", "--rm", "--detach", "--init", "--network", network, "--entrypoint", program]
    made += [word for setting in settings for word in ("--sysctl", setting)]
    name = subprocess.run(
        [*made, "syntheticnet", *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()
    try:
        yield name
    finally:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=True)


def address(container: str) -> str:
    each = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    return output("docker", "inspect", "-f", each, container).strip()


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def attempt(container: str, *arguments: str) -> dict[str, Any]:
    """The result of one mode of intruder.py in a container."""
    return run_script("docker", "exec", "-i", container, "python3", "-", *arguments)


def run_script(*command: str) -> dict[str, Any]:
    script = (Path(__file__).parent / "intruder.py").read_text()
    done = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result

"""Containers on a swarm's nodes, as their own engines see them, and recordings of what passes around them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .pair import Traffic
from .strangers import run_script
from .swarm_nodes import Node


@dataclass(frozen=True)
class Member:
    """The container of a service on this node; of a lab's client, `service` is synthlab-LAB_CLIENT."""

    node: Node
    service: str

    @property
    def runs(self) -> bool:
        return self.node.docker("ps", "--quiet", "--filter", f"name={self.service}\\.") != ""

    @property
    def container(self) -> str:
        """The id of the running container: another one once the swarm has replaced it."""
        found = self.node.docker("ps", "--quiet", "--no-trunc", "--filter", f"name={self.service}\\.").split()
        assert found, f"{self.service} does not run on {self.node.name}"
        return found[0]

    @property
    def pid(self) -> int:
        """The process id of its PID 1 on the host."""
        return int(self.node.docker("inspect", "--format", "{{.State.Pid}}", self.container))

    def process(self, user: str) -> int:
        """The id on the host of a user's only process in the container."""
        rows = self.node.docker("top", self.container, "-eo", "pid,uid").splitlines()[1:]
        (pid,) = [int(row.split()[0]) for row in rows if row.split()[1] == user]
        return pid

    def addresses(self) -> dict[str, str]:
        """The IPv4 address of each interface."""
        within = ["nsenter", "--target", str(self.pid), "--net", "ip", "-json", "-4", "addr"]
        listed = json.loads(subprocess.run(within, capture_output=True, check=True).stdout)
        return {one["ifname"]: one["addr_info"][0]["local"] for one in listed if one.get("ifname", "lo") != "lo"}

    @property
    def network(self) -> dict[str, Any]:
        """The engine's data about its connection to the overlay."""
        shown = self.node.docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", self.container)
        (network,) = json.loads(shown).values()
        return dict(network)

    @property
    def address(self) -> str:
        """Its address on the overlay."""
        return str(self.network["IPAddress"])

    @property
    def bridged(self) -> str:
        """Its address on Docker's own bridge of the node."""
        (address,) = set(self.addresses().values()) - {self.address}
        return address

    def traffic(self, mode: str, *arguments: object, script: str = "traffic.py") -> Traffic:
        return Traffic(self.container, mode, *arguments, script=script, engine=self.node.engine.address)

    def attempt(self, *arguments: str, within: tuple[str, ...] = ()) -> dict[str, Any]:
        """The result of one mode of intruder.py, run by `within` in the container."""
        inside = ("docker", "--host", self.node.engine.address, "exec", "-i", self.container)
        return run_script(*inside, *within, "python3", "-", *arguments)


@dataclass
class Recording:
    """What a recorder has seen, once it has ended: rows of protocol, sender, source, target and count."""

    rows: list[tuple[str, str, str, str, int]] = field(default_factory=list)


@contextmanager
def recording(namespace: str) -> Iterator[Recording]:
    """Record everything in a network namespace, given by its file."""
    program = [sys.executable, str(Path(__file__).with_name("recorder.py"))]
    pipe, made = subprocess.PIPE, Recording()
    with subprocess.Popen(["nsenter", f"--net={namespace}", *program], stdin=pipe, stdout=pipe, text=True) as recorder:
        assert recorder.stdin
        assert recorder.stdout
        assert recorder.stdout.readline()
        try:
            yield made
        finally:
            recorder.stdin.close()
            made.rows = [tuple(row) for row in json.loads(recorder.stdout.read())]


def named(space: str) -> str:
    """The file of a network namespace with a name."""
    return f"/run/netns/{space}"


def overlay_of(node: Node, network: str) -> str:
    """The file of the namespace in which a node's engine keeps this overlay's bridge."""
    listed = node.docker("network", "ls", "--no-trunc", "--quiet", "--filter", f"name={network}").split()
    folder = Path(node.engine.address.removeprefix("unix://")).parent
    (found,) = (folder / "exec" / "netns").glob(f"*-{listed[0][:10]}")
    return str(found)

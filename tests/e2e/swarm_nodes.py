"""A Docker swarm of three nodes on this machine: an engine each, in a network namespace of its own, on one bridge.

Each node has a host name and, unless told otherwise, a monotonic clock of its own, as separate machines have.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .far import PROXIES, Machine, namespace
from .second_engine import SecondEngine, unmount

HUB = "e2e-hub"
NETWORK = "10.99.0"
COUNT = 3
CLOCK_STEP_S = 1000


@dataclass(frozen=True)
class Node:
    """One machine of the swarm."""

    name: str
    address: str
    engine: SecondEngine

    def docker(self, *words: str, status: int | None = 0) -> str:
        """The output of a docker command on this node's own engine."""
        return self.engine.machine.run("docker", *words, status=status).stdout

    def synthlab(self, *words: str, status: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Our command line on this node."""
        return self.engine.machine.synthlab(*words, status=status)

    def container(self, client: str) -> str:
        """The id of a client's container, which runs on this node."""
        return self.docker("ps", "--quiet", "--filter", f"name=_{client}\\.").split()[0]

    def leftovers(self) -> list[str]:
        """Whatever of a lab is still on this node."""
        kinds = {"ps": ("ps", "--all"), "network": ("network", "ls", "--filter", "driver=overlay")}
        if self.name == "node1":
            kinds |= {kind: (kind, "ls") for kind in ("service", "secret", "config")}
        found = [line for words in kinds.values() for line in self.docker(*words).splitlines()[1:]]
        return [line for line in found if " ingress " not in line]


@contextmanager
def swarm_nodes(*images: str, everywhere: bool = True) -> Iterator[list[Node]]:
    """The nodes, the first one as the manager; that one, or each `everywhere`, has these images of the first engine."""
    with ExitStack() as stack:
        stack.enter_context(namespace(HUB))
        for words in (("link", "add", "br0", "type", "bridge"), ("link", "set", "br0", "up")):
            _ip("-n", HUB, *words)
        _ip("-n", HUB, "addr", "add", f"{NETWORK}.254/24", "dev", "br0")
        nodes = [stack.enter_context(_node(number)) for number in range(1, COUNT + 1)]
        with ThreadPoolExecutor(COUNT) as pool:
            list(pool.map(lambda node: node.engine.start(), nodes))
            stack.callback(_end, nodes)
            _join(nodes)
            list(pool.map(lambda node: node.engine.load(*images), nodes if everywhere else nodes[:1]))
        yield nodes


@contextmanager
def _node(number: int) -> Iterator[Node]:
    name, space, address = f"node{number}", f"e2e-node{number}", f"{NETWORK}.{number}"
    hostname = f'hostname {name}; exec "$@"'
    clock = ["--time", "--monotonic", str(CLOCK_STEP_S * number)]
    within = ["unshare", "--uts", *clock, "sh", "-c", hostname, "sh"]
    with namespace(space), TemporaryDirectory(prefix=f"{space}-", ignore_cleanup_errors=True) as folder:
        _ip("link", "add", "up0", "netns", space, "type", "veth", "peer", "name", f"n{number}", "netns", HUB)
        _ip("-n", HUB, "link", "set", f"n{number}", "master", "br0", "up")
        _ip("-n", space, "addr", "add", f"{address}/24", "dev", "up0")
        _ip("-n", space, "link", "set", "up0", "up")
        options = ["--storage-driver=overlay2", f"--insecure-registry={NETWORK}.0/24"]
        try:
            yield Node(name, address, SecondEngine(Path(folder), space, options, within))
        finally:
            unmount(folder)


def _end(nodes: Sequence[Node]) -> None:
    with ThreadPoolExecutor(COUNT) as pool:
        list(pool.map(lambda node: node.engine.end(signal.SIGTERM), nodes))


def _join(nodes: Sequence[Node]) -> None:
    manager, *workers = nodes
    manager.docker("swarm", "init", "--advertise-addr", manager.address, "--listen-addr", f"{manager.address}:2377")
    token = manager.docker("swarm", "join-token", "--quiet", "worker").strip()
    for node in workers:
        own = ["--advertise-addr", node.address, "--listen-addr", f"{node.address}:2377"]
        node.docker("swarm", "join", "--token", token, *own, f"{manager.address}:2377")


def reaching(nodes: Sequence[Node], folder: Path) -> Machine:
    """The manager, with a context for each other node in this folder."""
    own = nodes[0].engine.machine
    machine = Machine({**own.environment, "DOCKER_CONFIG": str(folder)}, own.namespace)
    for node in nodes[1:]:
        machine.run("docker", "context", "create", node.name, "--docker", f"host={node.engine.address}")
    return machine


@contextmanager
def within(node: Node) -> Iterator[None]:
    """This thread, and the threads and programs that it starts, have the network and the engine of the node."""
    before, environment = os.open("/proc/thread-self/ns/net", os.O_RDONLY), dict(os.environ)
    there = os.open(f"/run/netns/{node.engine.machine.namespace}", os.O_RDONLY)
    os.environ.update(node.engine.machine.environment)
    for name in [name for name in os.environ if name.lower() in PROXIES]:
        del os.environ[name]
    try:
        _enter(there)
        yield
    finally:
        _enter(before)
        os.environ.clear()
        os.environ.update(environment)
        for descriptor in (before, there):
            os.close(descriptor)


def _enter(namespace: int) -> None:
    """Enter a network namespace, with this thread only."""
    if ctypes.CDLL(None, use_errno=True).setns(namespace, 0):
        raise OSError(ctypes.get_errno(), "setns")


def containers_of(node: Node, lab: str) -> dict[str, dict[str, Any]]:
    """The containers of a lab by name, as `ps --json` shows them."""
    listed = json.loads(node.synthlab("ps", "--lab", lab, "--json").stdout)
    return {one["client"] or one["role"]: one for one in listed}


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)

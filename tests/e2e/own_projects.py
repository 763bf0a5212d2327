"""Compose projects in `tests/projects`, brought up as they are and with synthlab, and how their containers compare."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synthlab.deploy.base_image import ensure_base_image
from synthlab.engine.swarm_engine import SwarmEngine as Engine

from .labs import docker, synthlab, until

PROJECTS = Path(__file__).parents[1] / "projects"
IMAGE = "synthlab-test/project"

DIFFERS = {
    "Args": "the path of PID 1 of Docker's init",
    "Config.Domainname": "of the companion",
    "Config.ExposedPorts": "of the companion",
    "Config.Hostname": "of the companion",
    "Config.Image": "an image that Compose builds has the project's name",
    "Config.Labels": "ours, and the project's",
    "Config.MacAddress": "of the companion",
    "Created": "a time",
    "GraphDriver": "a folder of the container",
    "HostConfig.Binds": "a volume has the project's name",
    "HostConfig.CapAdd": "without NET_ADMIN and NET_RAW",
    "HostConfig.CapDrop": "without NET_ADMIN and NET_RAW",
    "ExecIDs": "random ones",
    "HostConfig.Dns": "of the companion",
    "HostConfig.DnsOptions": "of the companion",
    "HostConfig.DnsSearch": "of the companion",
    "HostConfig.ExtraHosts": "of the companion",
    "HostConfig.Mounts": "a volume has the project's name",
    "HostConfig.Links": "of the companion",
    "HostConfig.NetworkMode": "the companion's",
    "HostConfig.PortBindings": "of the companion",
    "HostConfig.Sysctls": "those of the network are the companion's",
    "HostnamePath": "a folder of the container",
    "HostsPath": "a folder of the container",
    "Id": "a random one",
    "Image": "built twice",
    "LogPath": "a folder of the container",
    "Mounts": "a volume has the project's name",
    "Name": "has the project's name",
    "NetworkSettings": "the companion's",
    "ResolvConfPath": "a folder of the container",
    "State.FinishedAt": "a time",
    "State.Health.Log": "times",
    "State.Pid": "a number of the host",
    "State.StartedAt": "a time",
}
"""What may differ between a container of a plain project and of a wrapped one, and why."""


class OwnProject:
    """A project that is up, plain or wrapped, under this Compose name."""

    def __init__(self, name: str, files: Sequence[Path]) -> None:
        self.name = name
        self._files = [word for file in files for word in ("-f", str(file))]

    def compose(self, *words: str) -> str:
        return docker("compose", "-p", self.name, *words)

    def container(self, service: str) -> str:
        return self.compose("ps", "--all", "--quiet", service).split()[0]

    def inspect(self, service: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(docker("inspect", self.container(service)))[0]
        return found

    def run(self, service: str, *words: str) -> str:
        """What a program writes that is run in a service's container."""
        return docker("exec", self.container(service), *words).strip()

    def connect_ms(self, service: str, host: str, port: int, times: int = 5) -> float:
        """The shortest time in which a connection from a service to a host is made."""
        code = (
            "import socket, sys, time\n"
            "def one():\n"
            "    start = time.monotonic()\n"
            "    socket.create_connection((sys.argv[1], int(sys.argv[2])), 5).close()\n"
            "    return time.monotonic() - start\n"
            "print(min(one() for _ in range(int(sys.argv[3]))) * 1000)"
        )
        return float(self.run(service, "python3", "-c", code, host, str(port), str(times)))

    def port(self, service: str, inner: int) -> str:
        """Where the host reaches a published port: ADDRESS:PORT."""
        return docker("port", self.container(service), str(inner)).splitlines()[0]


def project_image() -> None:
    """Build what the projects' images are made FROM; on a fresh machine its base too."""
    ensure_base_image(Engine(), lambda line: None)
    subprocess.run(["docker", "build", "--quiet", "--tag", IMAGE, PROJECTS / "image"], check=True, capture_output=True)


@contextmanager
def plain(name: str, files: Sequence[Path]) -> Iterator[OwnProject]:
    """The project as Compose brings it up."""
    own = OwnProject(f"plain-{name}", files)
    chosen = [word for file in files for word in ("-f", str(file))]
    try:
        docker("compose", "-p", own.name, *chosen, "up", "--detach")
        yield own
    finally:
        docker("compose", "-p", own.name, *chosen, "down", "--volumes", "--timeout", "1")


@contextmanager
def wrapped(name: str, files: Sequence[Path], *options: str) -> Iterator[OwnProject]:
    """The project as synthlab brings it up; it must leave nothing behind."""
    lab = f"own-{name}"
    chosen = [word for file in files for word in ("-f", str(file))]
    try:
        synthlab("up", *chosen, "--lab", lab, *options)
        yield OwnProject(f"synthlab-{lab}", files)
    finally:
        synthlab("down", "--lab", lab, "--volumes", status=None)
    ours = f"label=com.docker.compose.project=synthlab-{lab}"
    left = [docker(kind, "ls", "--quiet", "--filter", ours) for kind in ("container", "network", "volume")]
    assert left == ["", "", ""]


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The places at which two containers differ although they should not."""
    flat = dict(_flat(ours)), dict(_flat(theirs))
    return {
        place: (flat[0].get(place), flat[1].get(place))
        for place in sorted({*flat[0], *flat[1]})
        if flat[0].get(place) != flat[1].get(place)
        and not any(place == known or place.startswith(f"{known}.") for known in DIFFERS)
    }


def settled(own: OwnProject, states: Mapping[str, str]) -> None:
    """Wait until these services are in these states: `running`, `healthy`, `exited 0`."""

    def state(service: str) -> str:
        found = own.inspect(service)["State"]
        if found["Status"] == "exited":
            return f"exited {found['ExitCode']}"
        return str((found.get("Health") or {}).get("Status") or found["Status"])

    until(lambda: {service: state(service) for service in states} == states, 30)


def _flat(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{place}.{key}" if place else key)
    else:
        yield place, value or None  # null, {} and [] mean the same

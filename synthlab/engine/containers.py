"""A lab's containers, parsed from the engine's listing and our labels."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..contract import API_PORT, COMPANION_API_PORT, HOST, TLS_PORT
from . import labels
from .ttl import has_expired

# The listing has the health only in this text; inspecting would take one request per container.
_HEALTH = re.compile(r"\((?:health: )?(healthy|unhealthy|starting)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a lab. `health` is empty without a health check; `ports` maps container to host ports.

    `status` is the engine's text for its state: `Exited (1) 3 seconds ago`. `created` and `expires` are seconds since
    1970. `address` is its IP address in the lab's network, while it runs. `metrics` are the URLs of the lab's metrics
    by what publishes them, `probes` what its prober measures, such as `web.http`. `made_by` is the id of the `up` that
    created it, `digest` the hash of the stack at that time. `network_of` is the server whose network a companion holds;
    empty for all other containers. `networks` are the networks that a companion conditions one by one; of one of them,
    `number` is its place among them. `outside` is what people outside the lab use of a server: a page's address, or
    `labels.PUBLISHED_PORTS`. `uplinks` are the routers whose networks a client or router has: it is
    behind the first, and a client that has more can roam to them.

    Of a lab on several machines, `node` is the name of its machine, `host` that machine's address, and `id` its task's
    until it has a container; `ports` open on `host`, and the one of its API leads to its ports in `tunnels`, too.
    """

    id: str
    name: str
    lab: str
    role: str
    client: str
    group: str
    app: str
    stack: str
    index: int
    state: str
    status: str
    health: str
    ports: Mapping[int, int]
    created: int = 0
    expires: int | None = None
    made_by: str = ""
    digest: str = ""
    address: str = ""
    metrics: Mapping[str, str] = field(default_factory=dict)
    probes: tuple[str, ...] = ()
    network_of: str = ""
    networks: tuple[str, ...] = ()
    number: int = 0
    outside: str = ""
    uplinks: tuple[str, ...] = ()
    node: str = ""
    host: str = HOST
    tunnels: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """The name shown to people: the client's name, else the role."""
        return self.client or self.role

    @property
    def conditioned(self) -> bool:
        """Whether it has conditions and an API: a client, a router, or the companion of a server."""
        return bool(self.network_name)

    @property
    def network_name(self) -> str:
        """The client, router or server whose conditions its API changes; empty if it has no API."""
        return self.network_of or (self.client if self.role in ("client", "router") else "")

    @property
    def api_port(self) -> int:
        """The port of its API inside it."""
        if self.node:
            return TLS_PORT
        return COMPANION_API_PORT + self.number if self.network_of else API_PORT

    def opens(self, port: int) -> bool:
        """Whether a port inside it can be reached from outside, such as that of its screen."""
        return port in self.ports or port in self.tunnels

    def per_network(self) -> list[Container]:
        """Itself, or, of a companion with several networks, one for each: `web@front` and `web@back`, a group `web`."""
        if not self.networks:
            return [self]
        group = self.group or self.network_of
        return [
            replace(
                self,
                network_of=f"{self.network_of}@{name}",
                group=group,
                networks=(),
                number=number,
                probes=() if number else self.probes,
            )
            for number, name in enumerate(self.networks)
        ]

    def expired(self, now: float) -> bool:
        """Whether its lab has expired at `now`, in seconds since 1970."""
        return has_expired(self.expires, now)

    @property
    def done(self) -> bool:
        """Whether it is a service that was to do one thing, and has done it: it has exited with status 0."""
        return self.role == "service" and self.state == "exited" and self.status.startswith("Exited (0)")

    @property
    def ready(self) -> bool:
        """Whether it is running, and healthy if it has a health check; or done."""
        return self.done or (self.state == "running" and self.health in ("healthy", ""))

    @property
    def failed(self) -> bool:
        """Whether it has exited before it was done, or its health check has failed for good."""
        ended = self.state in ("exited", "dead", "restarting") and not self.done
        return ended or (self.health == "unhealthy" and not self.done)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which part of a log to read: the last `tail` lines (None: all), none older than `since` (seconds since 1970).

    With `follow`, continue with new lines as they are written.
    """

    tail: int | None = None
    since: float | None = None
    follow: bool = False


def read_container(listed: Mapping[str, Any]) -> Container:
    """Parse a container from the engine's listing."""
    health = _HEALTH.search(listed["Status"])
    networks = (listed.get("NetworkSettings") or {}).get("Networks") or {}
    published = [port for port in listed["Ports"] if port.get("PublicPort")]
    return Container(
        id=listed["Id"],
        name=listed["Names"][0].removeprefix("/"),
        state=listed["State"],
        status=listed["Status"],
        health=health[1] if health else "",
        ports={port["PrivatePort"]: port["PublicPort"] for port in published},
        created=listed.get("Created", 0),
        address=_address(networks, listed["Labels"]),
        **of_labels(listed["Labels"]),
    )


def _address(networks: Mapping[str, Any], marks: Mapping[str, str]) -> str:
    """Its address in the lab's network; a router's is not that in its own lan."""
    own = f"_lan-{marks.get(labels.CLIENT, '')}"
    found = (network.get("IPAddress", "") for name, network in networks.items() if not name.endswith(own))
    return next(filter(None, found), "")


def of_labels(marks: Mapping[str, str]) -> dict[str, Any]:
    """What our labels say of a container, as fields of Container."""
    expires = marks.get(labels.EXPIRES)
    return {
        "lab": marks[labels.LAB],
        "role": marks.get(labels.ROLE, ""),
        "client": marks.get(labels.CLIENT, ""),
        "group": marks.get(labels.GROUP, ""),
        "app": marks.get(labels.APP, ""),
        "stack": marks.get(labels.STACK, ""),
        "index": int(marks.get(labels.INDEX, 0)),
        "expires": int(expires) if expires else None,
        "made_by": marks.get(labels.MADE_BY, ""),
        "digest": marks.get(labels.DIGEST, ""),
        "metrics": _read_metrics(marks.get(labels.METRICS, "")),
        "probes": tuple(marks.get(labels.PROBES, "").split()),
        "network_of": marks.get(labels.NETWORK_OF, ""),
        "networks": tuple(filter(None, marks.get(labels.NETWORKS, "").split(","))),
        "outside": marks.get(labels.OUTSIDE, ""),
        "uplinks": tuple(filter(None, marks.get(labels.UPLINK, "").split(","))),
        "tunnels": tuple(map(int, marks.get(labels.TUNNELS, "").split())),
    }


def _read_metrics(text: str) -> dict[str, str]:
    """The URLs in a label; none of a lab of another version, which wrote something else."""
    try:
        urls = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(name): str(url) for name, url in urls.items()} if isinstance(urls, dict) else {}


def read_probe(inspected: Mapping[str, Any]) -> list[str]:
    """Exit status and output of a container's last health check. Docker reports -1 for one that timed out."""
    ended = (inspected["State"].get("Health") or {}).get("Log") or []
    if not ended:
        return []
    first, *more = [line for line in ended[-1]["Output"].splitlines() if line.strip()] or ["it wrote nothing"]
    return [f"health check (exit status {ended[-1]['ExitCode']}): {first}", *more]

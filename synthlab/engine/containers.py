"""A lab's containers as the engine lists them, found by their labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import labels
from .ttl import has_expired

_HEALTH = re.compile(r"\((?:health: )?(healthy|unhealthy|starting)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a lab. `health` is empty where the image has no probe; `ports` maps inner to host ports.

    `status` is its state in the engine's words: `Exited (1) 3 seconds ago`. `created` and `expires` are seconds of the
    epoch. `address` is its own in the lab's network, while it runs. `metrics` is where the lab's media server tells its
    own numbers. `made_by` is the id of the `up` that made it, `digest` that of its stack as it was then. `network_of`
    is the server whose network a companion holds, and empty for all others.
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
    metrics: str = ""
    network_of: str = ""

    @property
    def title(self) -> str:
        """What people call it: the client's name, else its role."""
        return self.client or self.role

    @property
    def conditioned(self) -> bool:
        """Whether its network is conditioned, and it has an API: a client, or the companion of a server."""
        return bool(self.network_name)

    @property
    def network_name(self) -> str:
        """Whose conditions its API changes: the server's whose network it holds, or its own; empty if it has none."""
        return self.network_of or (self.client if self.role == "client" else "")

    def expired(self, now: float) -> bool:
        """Whether the lab that it belongs to has outlived its time."""
        return has_expired(self.expires, now)

    @property
    def ready(self) -> bool:
        """Whether it runs, and is healthy as far as anybody probes."""
        return self.state == "running" and self.health in ("healthy", "")

    @property
    def failed(self) -> bool:
        """Whether it has ended, or its probe has given up."""
        return self.state in ("exited", "dead", "restarting") or self.health == "unhealthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """What of a log is wanted: the last `tail` lines (None: all), none written before `since` (seconds of the epoch).

    With `follow` it goes on, with what is written from now on.
    """

    tail: int | None = None
    since: float | None = None
    follow: bool = False


def read_container(listed: Mapping[str, Any]) -> Container:
    """A container as the engine lists it."""
    marks = listed["Labels"]
    health = _HEALTH.search(listed["Status"])
    networks = (listed.get("NetworkSettings") or {}).get("Networks") or {}
    expires = marks.get(labels.EXPIRES)
    published = [port for port in listed["Ports"] if port.get("PublicPort")]
    return Container(
        id=listed["Id"],
        name=listed["Names"][0].removeprefix("/"),
        lab=marks[labels.LAB],
        role=marks.get(labels.ROLE, ""),
        client=marks.get(labels.CLIENT, ""),
        group=marks.get(labels.GROUP, ""),
        app=marks.get(labels.APP, ""),
        stack=marks.get(labels.STACK, ""),
        index=int(marks.get(labels.INDEX, 0)),
        state=listed["State"],
        status=listed["Status"],
        health=health[1] if health else "",
        ports={port["PrivatePort"]: port["PublicPort"] for port in published},
        created=listed.get("Created", 0),
        expires=int(expires) if expires else None,
        made_by=marks.get(labels.MADE_BY, ""),
        digest=marks.get(labels.DIGEST, ""),
        address=next((network["IPAddress"] for network in networks.values() if network.get("IPAddress")), ""),
        metrics=marks.get(labels.METRICS, ""),
        network_of=marks.get(labels.NETWORK_OF, ""),
    )


def read_probe(inspected: Mapping[str, Any]) -> list[str]:
    """The last health check of a container as the engine tells of it. A status of -1 is Docker's for none: too late."""
    ended = (inspected["State"].get("Health") or {}).get("Log") or []
    if not ended:
        return []
    first, *more = [line for line in ended[-1]["Output"].splitlines() if line.strip()] or ["it wrote nothing"]
    return [f"health check (exit status {ended[-1]['ExitCode']}): {first}", *more]

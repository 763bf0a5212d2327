"""A lab's containers as the engine lists them, found by their labels, and what is asked of an engine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..contract import ContainerAction
from . import labels
from .images import LocalImage
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


class Held(Protocol):
    """A lock that we hold, until it is released, we end, or somebody removes it."""

    def lost(self) -> bool: ...

    def release(self) -> None: ...


class EngineApi(Protocol):
    """What is asked of the engine. Every method raises SynthlabError."""

    def version(self) -> str: ...

    def facts(self) -> dict[str, str]:
        """What it and its machine are, by name, for reports."""
        ...

    def address(self) -> str:
        """Where it is expected to answer: `unix:///var/run/docker.sock`."""
        ...

    def folder(self) -> str:
        """Where it keeps images and containers, on the machine that it runs on."""
        ...

    def labs(self) -> list[str]:
        """The labs of which there is anything: containers, or a network or volume that was left behind."""
        ...

    def containers(self, lab: str | None = None) -> list[Container]:
        """The containers of one lab, or of all labs; the media server first, the clients in their order."""
        ...

    def logs(self, container: Container, lines: int = 20) -> list[str]:
        """The last lines that a container wrote."""
        ...

    def last_probe(self, container: Container) -> list[str]:
        """How its last health check ended, and what it wrote: lines, none where none has ended yet."""
        ...

    def read_log(self, container: Container, wish: LogQuery) -> Iterator[tuple[str, str]]:
        """What a container wrote: lines, each with the time of writing in UTC (RFC 3339)."""
        ...

    def environment(self, container: Container) -> dict[str, str]:
        """The variables that a container was made with."""
        ...

    def control(self, container: Container, doing: ContainerAction) -> None:
        """Freeze all processes of a container or let them go on, end or start what runs in it; done when that is."""
        ...

    def image(self, tag: str) -> LocalImage | None:
        """An image that is on the engine, or None."""
        ...

    def discard_image(self, image: LocalImage) -> None:
        """Remove an image that a newer one has replaced, unless something still uses it."""
        ...

    def tag_image(self, tag: str, other: str) -> None:
        """Give an image another name as well."""
        ...

    def own_tags(self) -> list[str]:
        """The tags, of those that only synthlab gives, that the engine has."""
        ...

    def remove_images(self) -> list[str]:
        """Remove every image that synthlab tags, and say which; what others build FROM them is theirs."""
        ...

    def remove_lab(self, lab: str, made_by: str = "") -> int:
        """Remove all that bears the lab's label: containers, then networks and volumes. How many containers it had.

        With `made_by`, only what that one `up` has made.
        """
        ...

    def lock(self, lab: str, image: str) -> Held | None:
        """Take the lab's lock, a container of an image that the engine has; None where somebody holds it."""
        ...

    def locks(self) -> dict[str, str]:
        """The locks that are held, by lab, with the state of their containers: `running`, or `created` at first."""
        ...

    def unlock(self, lab: str) -> bool:
        """Take the lab's lock from whoever holds it; whether anybody did."""
        ...


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

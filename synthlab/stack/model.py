"""The parts of a stack; every object is valid by construction."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from syntheticnet.conditions import Conditions

from ..contract import SFU_HOST, TURN_HOST
from .apps import CLIENT_APPS, SfuApp
from .compose_source import ComposeFile

TURN_PORT = 3478

CONDITIONABLE = (SFU_HOST,)
"""Keys of the servers that can have a `network`."""

Ip = Literal["ipv4", "dual", "ipv6"]
"""IP versions that applications see in a lab's network: IPv4 only, both, or IPv6 only."""

# Variables synthlab sets in every client; `env:` must not contain them.
CLIENT_VARIABLES = (
    "SYNTHLAB_LAB",
    "SYNTHLAB_NAME",
    "SYNTHLAB_SFU",
    "SYNTHLAB_TURN",
    "SYNTHLAB_RELAY",
    "SYNTHLAB_URL",
    "SYNTHLAB_TABS",
    "SYNTHLAB_FLAGS",
    "SYNTHLAB_PERMISSIONS",
    "SYNTHLAB_VIDEO",
    "SYNTHLAB_MEDIA_VIDEO",
    "SYNTHLAB_MEDIA_AUDIO",
    "SYNTHLAB_CONDITIONS",
    "SYNTHLAB_EXPIRES",
    "SYNTHLAB_ALLOW",
    "SYNTHLAB_SELF_CONTROL",
    "SYNTHLAB_SCREEN_PORT",
    "SYNTHLAB_IP",
    "SYNTHLAB_GATEWAY",
    "SYNTHLAB_UPLINKS",
    "SYNTHLAB_ROUTES",
    "SYNTHLAB_LAN",
    "SYNTHLAB_PROBES",
    "USE_VNC",
    "ENTRY",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackNetwork:
    """Conditions of one network, and the contents of the traces and tables they name, by name.

    `translated`: lines that say what its `netem` means.
    """

    conditions: Conditions = field(default_factory=Conditions)
    files: Mapping[str, str] = field(default_factory=dict)
    translated: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackProbe:
    """Requests, or TCP connections, that the client called `source` sends to `url` all the time."""

    kind: str
    url: str
    source: str
    interval_ns: int
    timeout_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is measured of a client, service or server: the URL of its own metrics, and probes of it."""

    metrics: str | None = None
    probes: tuple[StackProbe, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its numbers: `http`, `tcp`, `metrics`."""
        return (*(probe.kind for probe in self.probes), *(("metrics",) if self.metrics else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sfu:
    """A media server in a container; `page` is the URL clients open by default.

    `bundled`: its app, None for others. `join`: host address on which its `ports` are published. `service`: its
    service in the stack's Compose project, in which case `image` is empty. `bitrate_bps`: cap on each sender's video
    of a bundled server; None: the server's default, 0: no cap. `placement`: constraints of Swarm's on where it runs.
    """

    app: str
    image: str
    bundled: SfuApp | None = None
    page: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    join: str | None = None
    bitrate_bps: int | None = None
    ports: tuple[str, ...] = ()
    service: str | None = None
    placement: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        return SFU_HOST


@dataclass(frozen=True, slots=True)
class ExternalSfu:
    """A media server outside the lab, known by its URL."""

    page: str

    @property
    def host(self) -> str:
        return urlsplit(self.page).netloc.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class SwarmOptions:
    """How a lab is spread over the machines of a swarm; they get images from `registry`, or must have them (None)."""

    registry: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A TURN server in a container. `password` is random, new each time the stack is read."""

    app: str
    image: str
    user: str = "lab"
    password: str = field(default_factory=lambda: os.urandom(12).hex())

    @property
    def address(self) -> str:
        """Credentials and address, for UDP and TCP: `lab:0123abcd@turn:3478`."""
        return f"{self.user}:{self.password}@{TURN_HOST}:{TURN_PORT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """Files that replace camera and microphone."""

    video: Path | None = None
    audio: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Host ports of a client's API, screen and DevTools, and of a proxy and its TURN server; None: Docker chooses."""

    api: int | None = None
    vnc: int | None = None
    cdp: int | None = None
    proxy: int | None = None
    turn: int | None = None

    @property
    def given(self) -> dict[str, int]:
        """The fixed ports by kind."""
        ports = {"api": self.api, "vnc": self.vnc, "cdp": self.cdp, "proxy": self.proxy, "turn": self.turn}
        return {kind: port for kind, port in ports.items() if port}


@dataclass(frozen=True, slots=True, kw_only=True)
class StackClient:
    """One conditioned container. Clients of one `count` share their `group`, the key in the stack file.

    `files`: contents of the traces and tables its `conditions` name. `translated`: see StackNetwork. `ca`: contents of
    certificate files by name. `browser`: a Debian package, or the path of a .deb file or a folder; None: the image's.
    `permissions`: by origin (`*`: all); None: camera and microphone for all. `allow`: names, networks and origins that
    may use the control ports. `public`: one of them may be on another machine. `self_control`: its application may
    change its conditions. `relay`: the credentials of a proxy's own TURN server, drawn each time the stack is read.
    `placement`: constraints of Swarm's on where it runs. `uplinks`: the routers whose networks it has; it is
    behind the first until it roams. Empty: it is in the lab's network.
    """

    name: str
    group: str
    app: str
    image: str
    build: Path | None = None
    url: str | None = None
    tabs: tuple[str, ...] = ()
    browser: str | Path | None = None
    flags: tuple[str, ...] = ()
    ca: Mapping[str, str] = field(default_factory=dict)
    permissions: Mapping[str, tuple[str, ...]] | None = None
    extra_hosts: tuple[str, ...] = ()
    media: Media = field(default_factory=Media)
    conditions: Conditions = field(default_factory=Conditions)
    files: Mapping[str, str] = field(default_factory=dict)
    translated: tuple[str, ...] = field(default=(), compare=False)
    ports: Ports = field(default_factory=Ports)
    headless: bool = True
    video: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    command: str | None = None
    allow: tuple[str, ...] = ()
    public: bool = False
    self_control: bool = False
    relay: str | None = field(default=None, compare=False)
    placement: tuple[str, ...] = ()
    uplinks: tuple[str, ...] = ()

    @property
    def uplink(self) -> str | None:
        """The router that it is behind at its start; None: it is in the lab's network."""
        return self.uplinks[0] if self.uplinks else None

    @property
    def is_browser(self) -> bool:
        """Whether it is a bundled app that is a browser; of a user's image this is unknown."""
        return self.app in CLIENT_APPS and CLIENT_APPS[self.app].browser

    @property
    def is_proxy(self) -> bool:
        """Whether it is the network of a browser outside the lab."""
        return self.app in CLIENT_APPS and CLIENT_APPS[self.app].proxy


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRouter:
    """A container that routes between the lab's network, or another router's, and one of its own.

    `uplink`: the router that it is behind; None: it is in the lab's network. Its conditions, and its NAT in them, are
    among those of the stack.
    """

    name: str
    uplink: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StackService:
    """A conditioned service of the stack's Compose project, under the name that commands use.

    Of several replicas each has an entry, with the `group` of all and its `replica` from 1; of a single one that is 0.
    `networks` are those of the project that are conditioned one by one, as `web@front`; empty: its only one.
    """

    name: str
    service: str
    group: str
    replica: int = 0
    networks: tuple[str, ...] = ()

    @property
    def network_names(self) -> tuple[str, ...]:
        """The names under which its networks are changed."""
        return tuple(f"{self.name}@{network}" for network in self.networks) or (self.name,)

    @property
    def compose_name(self) -> str:
        """The name of its service in the rendered file."""
        return f"{self.service}-{self.replica}" if self.replica else self.service


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A complete lab; `clients` in file order. It expires at `expires` (seconds since the epoch).

    `compose` is the user's Compose project, `services` its conditioned services, `project` its name if that is fixed.
    `measured`: what is measured, by name.
    `conditioned`: networks of routers, conditioned servers and services by name. `made_by`: id of the `up` that started
    it. `digest`: hash of the stack. `source`: its file. `environment`: names of the environment variables it uses.
    `swarm`: None for a lab on one machine.
    """

    name: str
    file: str
    sfu: Sfu | ExternalSfu | None
    clients: tuple[StackClient, ...]
    turn: Turn | None = None
    compose: ComposeFile | None = None
    services: tuple[StackService, ...] = ()
    routers: tuple[StackRouter, ...] = ()
    project: str | None = None
    conditioned: Mapping[str, StackNetwork] = field(default_factory=dict)
    measured: Mapping[str, Measured] = field(default_factory=dict)
    ip: Ip = "ipv4"
    expires: int | None = None
    made_by: str | None = None
    digest: str | None = None
    swarm: SwarmOptions | None = None
    source: Path | None = field(default=None, compare=False)
    environment: tuple[str, ...] = field(default=(), compare=False)

    @property
    def networks(self) -> dict[str, StackNetwork]:
        """All conditioned networks by owner: clients, then servers."""
        own = {
            one.name: StackNetwork(conditions=one.conditions, files=one.files, translated=one.translated)
            for one in self.clients
        }
        return {**own, **self.conditioned}

    @property
    def translated(self) -> list[str]:
        """What each `netem` means; the clients of a group share theirs."""
        return list(dict.fromkeys(line for network in self.networks.values() for line in network.translated))

    @property
    def placement(self) -> dict[str, tuple[str, ...]]:
        """The constraints of Swarm's on where containers run, by client or server that has any."""
        sfu = self.sfu.placement if isinstance(self.sfu, Sfu) else ()
        given = {SFU_HOST: sfu, **{client.name: client.placement for client in self.clients}}
        return {name: constraints for name, constraints in given.items() if constraints}

    @property
    def groups(self) -> dict[str, str]:
        """The group of each client and conditioned service by name; that of a single one is its own name."""
        services = {name: one.group for one in self.services for name in one.network_names}
        return {one.name: one.group for one in self.clients} | services

    def service_of(self, owner: str) -> str:
        """The Compose service of a conditioned network, such as `web@front`."""
        return next(one.service for one in self.services if owner in one.network_names)

    def compose_names(self, service: str) -> list[str]:
        """The names of a conditioned service in the rendered file: several for replicas."""
        return [one.compose_name for one in self.services if one.service == service]

    def members(self, group: str) -> list[str]:
        """The clients and services of a group."""
        return [name for name, theirs in self.groups.items() if theirs == group]

    @property
    def numbers(self) -> tuple[str, ...]:
        """What has numbers of its own besides those of its network: `web.http`, `db.metrics`."""
        return tuple(f"{name}.{kind}" for name, measured in self.measured.items() for kind in measured.kinds)

    @property
    def uplinks(self) -> dict[str, str | None]:
        """The router that each client and router is behind."""
        clients = {client.name: client.uplink for client in self.clients}
        return clients | {router.name: router.uplink for router in self.routers}

    @property
    def servers(self) -> tuple[str, ...]:
        """The servers that steps can name: the media server if it is a container, and all conditioned ones."""
        sfu = (SFU_HOST,) if isinstance(self.sfu, Sfu) else ()
        return tuple(dict.fromkeys((*sfu, *(owner.partition("@")[0] for owner in self.conditioned))))

"""What a stack consists of; an object that exists is valid."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from syntheticnet.conditions import Conditions

from ..contract import SFU_HOST, TURN_HOST
from .apps import SfuApp
from .compose_source import ComposeFile

TURN_PORT = 3478

CONDITIONABLE = (SFU_HOST,)
"""The servers that a stack file can give a `network`, by the names of their keys."""

Ip = Literal["ipv4", "dual", "ipv6"]
"""The protocols of a lab's network: IPv4 alone, both, or for the applications IPv6 alone."""

# The environment that every client gets from its stack, and that its `env:` therefore cannot give.
CLIENT_VARIABLES = (
    "SYNTHLAB_LAB",
    "SYNTHLAB_NAME",
    "SYNTHLAB_SFU",
    "SYNTHLAB_TURN",
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
    "SYNTHLAB_IP",
    "USE_VNC",
    "ENTRY",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The conditions of one network, and the texts of the traces and tables that they name, by name."""

    conditions: Conditions = field(default_factory=Conditions)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sfu:
    """A media server in a container of its own; `page` is the address that clients open by default.

    Of a `bundled` one its app tells what else it has. Its `ports` are published on the host's address `join`. Where it
    is a `service` of a Compose file it has no image of its own here. A bundled one lets each sender's video take at
    most `bitrate_bps`; None is its default, 0 no cap.
    """

    app: str
    image: str
    bundled: SfuApp | None = None
    page: str | None = None
    metrics: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    join: str | None = None
    bitrate_bps: int | None = None
    ports: tuple[str, ...] = ()
    service: str | None = None
    compose: ComposeFile | None = None

    @property
    def host(self) -> str:
        return SFU_HOST


@dataclass(frozen=True, slots=True)
class ExternalSfu:
    """A media server that runs elsewhere, known by its address."""

    page: str
    metrics: str | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.page).netloc.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A TURN server in a container of its own. Each reading of the stack draws another `password`."""

    app: str
    image: str
    user: str = "lab"
    password: str = field(default_factory=lambda: os.urandom(12).hex())

    @property
    def address(self) -> str:
        """Where it is, and who may use it: `lab:0123abcd@turn:3478`, over UDP and TCP."""
        return f"{self.user}:{self.password}@{TURN_HOST}:{TURN_PORT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """Files that stand in for the camera and the microphone."""

    video: Path | None = None
    audio: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Host ports of a client's API, screen and debugging protocol; None lets Docker draw one."""

    api: int | None = None
    vnc: int | None = None
    cdp: int | None = None

    @property
    def given(self) -> dict[str, int]:
        """Those that are fixed, by kind."""
        ports = {"api": self.api, "vnc": self.vnc, "cdp": self.cdp}
        return {kind: port for kind, port in ports.items() if port}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One conditioned container. Those of a `count` share their `group`, the key that the stack file gives them.

    `files` are the texts of the traces and tables that its `conditions` name, `ca` those of certificates by file name.
    A `browser` of its own is a package of Debian's, or the path of a .deb file or of a folder. `permissions` are the
    names of what pages may use, by origin (`*`: all); None means camera and microphone for all. Who stands in `allow`
    may use the control ports: names, networks, origins. They are `public` where one of these may be on another machine.
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
    ports: Ports = field(default_factory=Ports)
    headless: bool = True
    video: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    command: str | None = None
    allow: tuple[str, ...] = ()
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A whole lab; `clients` stand in the order of the file. At `expires` (s of the epoch) it ends by itself.

    The `conditioned` are the networks of its servers that are conditioned as clients are, by the servers' names.
    `made_by` is the id of the `up` that brings it up, once there is one, and `digest` that of the stack itself.
    `source` is the file, and `environment` are the names of the variables that it takes from the environment.
    """

    name: str
    file: str
    sfu: Sfu | ExternalSfu | None
    clients: tuple[Client, ...]
    turn: Turn | None = None
    conditioned: Mapping[str, Network] = field(default_factory=dict)
    ip: Ip = "ipv4"
    expires: int | None = None
    made_by: str | None = None
    digest: str | None = None
    source: Path | None = field(default=None, compare=False)
    environment: tuple[str, ...] = field(default=(), compare=False)

    @property
    def networks(self) -> dict[str, Network]:
        """All networks that are conditioned, by whose they are: the clients', then the servers'."""
        own = {client.name: Network(conditions=client.conditions, files=client.files) for client in self.clients}
        return {**own, **self.conditioned}

    @property
    def servers(self) -> tuple[str, ...]:
        """The servers that steps can name: a media server in a container, and those that are conditioned."""
        sfu = (SFU_HOST,) if isinstance(self.sfu, Sfu) else ()
        return tuple(dict.fromkeys((*sfu, *self.conditioned)))

"""What a stack consists of; an object that exists is valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from syntheticnet.conditions import Conditions

SFU_HOST = "sfu"

# The environment that every client gets from its stack, and that its `env:` therefore cannot give.
CLIENT_VARIABLES = (
    "SYNTHLAB_LAB",
    "SYNTHLAB_NAME",
    "SYNTHLAB_SFU",
    "SYNTHLAB_URL",
    "SYNTHLAB_FLAGS",
    "SYNTHLAB_VIDEO",
    "SYNTHLAB_MEDIA_VIDEO",
    "SYNTHLAB_MEDIA_AUDIO",
    "SYNTHLAB_CONDITIONS",
    "USE_VNC",
    "ENTRY",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sfu:
    """A media server in a container of its own; `page` is the address that clients open by default.

    A `bundled` one has a page that takes the video's size, and a health probe that clients can wait for.
    """

    app: str
    image: str
    bundled: bool = False
    page: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        return SFU_HOST


@dataclass(frozen=True, slots=True)
class ExternalSfu:
    """A media server that runs elsewhere, known by its address."""

    page: str

    @property
    def host(self) -> str:
        return urlsplit(self.page).netloc.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """Files that stand in for the camera and the microphone."""

    video: Path | None = None
    audio: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Host ports of a client's API and screen; None lets Docker draw one."""

    api: int | None = None
    vnc: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One conditioned container. Those of a `count` share their `group`, the key that the stack file gives them."""

    name: str
    group: str
    app: str
    image: str
    build: Path | None = None
    url: str | None = None
    flags: tuple[str, ...] = ()
    media: Media = field(default_factory=Media)
    conditions: Conditions = field(default_factory=Conditions)
    ports: Ports = field(default_factory=Ports)
    headless: bool = True
    video: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    command: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A whole lab; `clients` stand in the order of the file."""

    name: str
    file: str
    sfu: Sfu | ExternalSfu | None
    clients: tuple[Client, ...]

"""What the containers of a stack are to be: image, environment, labels, ports and mounts of each, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

from . import labels
from .ports import API_PORT, VNC_PORT
from .stack import Client, Ports, Sfu, Stack

MEDIA_FOLDER = "/opt/media"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPort:
    """A container's port on 127.0.0.1; a `host` of None lets Docker draw one."""

    container: int
    host: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A file of the host that the container may read."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One container to be."""

    name: str
    image: str
    labels: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    mounts: tuple[Mount, ...] = ()


def project_name(lab: str) -> str:
    """The name of the lab's Compose project."""
    return f"synthlab-{lab}"


def lab_labels(stack: Stack) -> dict[str, str]:
    """What marks everything of the lab as its own."""
    return {labels.LAB: stack.name, labels.STACK: stack.file, labels.VERSION: version("synthlab")}


def sfu_service(stack: Stack) -> Service | None:
    """The media server's container, where the lab has one of its own."""
    sfu = stack.sfu
    if not isinstance(sfu, Sfu):
        return None
    marks = lab_labels(stack) | {labels.ROLE: "sfu", labels.APP: sfu.app}
    return Service(name=sfu.host, image=sfu.image, labels=marks, environment=sfu.env, command=sfu.command)


def client_services(stack: Stack, ports: Mapping[str, Ports]) -> list[Service]:
    """The clients' containers in the order of the stack, with the host ports of each."""
    return [_client_service(stack, client, index, ports[client.name]) for index, client in enumerate(stack.clients, 1)]


def _client_service(stack: Stack, client: Client, index: int, ports: Ports) -> Service:
    marks = {
        labels.ROLE: "client",
        labels.CLIENT: client.name,
        labels.GROUP: client.group,
        labels.APP: client.app,
        labels.INDEX: str(index),
    }
    published = [PublishedPort(container=API_PORT, host=ports.api)]
    if not client.headless:
        published.append(PublishedPort(container=VNC_PORT, host=ports.vnc))
    mounts = _mounts(client)
    return Service(
        name=client.name,
        image=client.image,
        labels=lab_labels(stack) | marks,
        environment=_environment(stack, client, mounts),
        ports=tuple(published),
        mounts=tuple(mounts.values()),
    )


def _mounts(client: Client) -> dict[str, Mount]:
    """The media files by kind; their endings stay, for the application tells the format by them."""
    files = {"video": client.media.video, "audio": client.media.audio}
    return {
        kind: Mount(source=str(file), target=f"{MEDIA_FOLDER}/{kind}{file.suffix}")
        for kind, file in files.items()
        if file
    }


def _environment(stack: Stack, client: Client, mounts: Mapping[str, Mount]) -> dict[str, str]:
    always = {
        "SYNTHLAB_LAB": stack.name,
        "SYNTHLAB_NAME": client.name,
        "SYNTHLAB_FLAGS": json.dumps(client.flags),
        "SYNTHLAB_CONDITIONS": json.dumps(client.conditions.to_dict()),
        "USE_VNC": "0" if client.headless else "1",
    }
    given = {
        "SYNTHLAB_SFU": stack.sfu.host if stack.sfu else None,
        "SYNTHLAB_URL": _url(stack, client),
        "SYNTHLAB_VIDEO": client.video,
        "ENTRY": client.command,
    }
    media = {f"SYNTHLAB_MEDIA_{kind.upper()}": mount.target for kind, mount in mounts.items()}
    return always | {name: value for name, value in given.items() if value is not None} | media | dict(client.env)


def _url(stack: Stack, client: Client) -> str | None:
    """The client's address with its places filled in; the bundled page is also told the size of the video."""
    if client.url is None:
        return None
    places = {"name": client.name, "lab": stack.name, "sfu": stack.sfu.host if stack.sfu else ""}
    url = client.url
    if client.video and isinstance(stack.sfu, Sfu) and stack.sfu.bundled and url == stack.sfu.page:
        url += f"&video={client.video}"
    for place, value in places.items():
        url = url.replace(f"{{{place}}}", value)
    return url

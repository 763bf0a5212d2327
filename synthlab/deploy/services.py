"""The containers of a stack as plain values: image, environment, labels, ports and mounts of each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Network
from typing import Any

from .. import assets
from ..contract import (
    API_PORT,
    CDP_PORT,
    EVERYWHERE,
    HOST,
    PROXY_PORT,
    RELAY_PORT,
    SFU_HOST,
    TURN_HOST,
    TURN_PLACE,
    VNC_PORT,
    project_name,
)
from ..engine import labels
from ..stack import Ports, Sfu, Stack, StackClient
from .address_plan import AddressPlan
from .probing import metrics_labels, probe_labels, probe_variables

MEDIA_FOLDER = "/opt/media"
FILES_FOLDER = "/opt/etc/synthlab/files"
CA_FOLDER = "/opt/etc/synthlab/ca"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPort:
    """A container's port on an address of the host; with `host` None, Docker picks the port."""

    container: int
    host: int | None
    address: str = HOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A file of the host, mounted read-only."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A text mounted as a file; equal texts have equal names, so Compose gets each once."""

    name: str
    content: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One container.

    `alias` is a further host name; `network_of` is the container whose network it shares instead. `after` are
    Compose's `depends_on` conditions, by service. `published` are port ranges in Compose's short form. `given` are keys
    of a user's service as Compose wrote them; `ipv6` is whether one of its networks has IPv6, None: as the lab.
    `networks` are those it is in, each with its fixed address; empty: the lab's. `routes`: it is a router.
    """

    name: str
    image: str
    labels: Mapping[str, str]
    hostname: str | None = None
    alias: str | None = None
    network_of: str | None = None
    conditioned: bool = False
    init: bool = False
    after: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    published: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    configs: tuple[Config, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    ipv6: bool | None = None
    networks: Mapping[str, str] = field(default_factory=dict)
    routes: bool = False


def project_of(stack: Stack) -> str:
    """The Compose project of a stack."""
    return stack.project or project_name(stack.name)


def lab_labels(stack: Stack) -> dict[str, str]:
    """The labels of everything that belongs to the lab."""
    always = {labels.LAB: stack.name, labels.STACK: stack.file, labels.VERSION: assets.own_version()}
    given = {labels.EXPIRES: stack.expires, labels.MADE_BY: stack.made_by, labels.DIGEST: stack.digest}
    return always | metrics_labels(stack) | {name: str(value) for name, value in given.items() if value is not None}


def ipv6_subnet(stack: Stack) -> str | None:
    """The lab's IPv6 subnet, a unique local /64 (RFC 4193) derived from the lab's name; None without IPv6."""
    if stack.ip == "ipv4":
        return None
    prefix = b"\xfd" + hashlib.sha256(stack.name.encode()).digest()[:7]
    return str(IPv6Network((prefix + bytes(8), 64)))


def sfu_condition(stack: Stack) -> dict[str, str]:
    """The `depends_on` of clients: a media server with a health check must be healthy, another one started."""
    sfu = stack.sfu
    if not isinstance(sfu, Sfu):
        return {}
    # A wrapped service keeps its health check; its companion starts before it.
    probed = _probes(stack.compose.services[sfu.service]) if stack.compose and sfu.service else _is_probed(sfu)
    return {sfu.service or SFU_HOST: "service_healthy" if probed else "service_started"}


def _is_probed(sfu: Sfu) -> bool:
    return sfu.bundled is not None and sfu.bundled.probed


def _probes(service: Mapping[str, Any]) -> bool:
    """Whether a service of a Compose file has a health check that is not disabled."""
    check = service.get("healthcheck")
    return check is not None and not check.get("disable") and check.get("test") != ["NONE"]


def turn_condition(stack: Stack) -> dict[str, str]:
    """The `depends_on` of clients in a lab with a TURN server."""
    return {TURN_HOST: "service_healthy"} if stack.turn else {}


def client_services(stack: Stack, ports: Mapping[str, Ports], plan: AddressPlan | None = None) -> list[Service]:
    """The clients' containers, in stack order; `ports` are their host ports by client name."""
    made = [_client_service(stack, client, index, ports[client.name]) for index, client in enumerate(stack.clients, 1)]
    return (
        [_placed(service, client, plan) for service, client in zip(made, stack.clients, strict=True)] if plan else made
    )


def _placed(service: Service, client: StackClient, plan: AddressPlan) -> Service:
    """A client at its place in a lab with routers."""
    return replace(
        service,
        networks=plan.networks(client.name),
        labels={**service.labels, **({labels.UPLINK: ",".join(client.uplinks)} if client.uplinks else {})},
        environment={**service.environment, **plan.client_environment(client)},
        extra_hosts=(*service.extra_hosts, *plan.hosts(client.uplinks)),
        after={**service.after, **dict.fromkeys(client.uplinks, "service_healthy")},
    )


def _client_service(stack: Stack, client: StackClient, index: int, ports: Ports) -> Service:
    marks = {
        labels.ROLE: "client",
        labels.CLIENT: client.name,
        labels.GROUP: client.group,
        labels.APP: client.app,
        labels.INDEX: str(index),
    }
    mounts = _mounts(client)
    return Service(
        name=client.name,
        image=client.image,
        hostname=client.name,
        conditioned=True,
        after=sfu_condition(stack) | turn_condition(stack),
        labels=lab_labels(stack) | marks | probe_labels(stack, client.name),
        environment=_environment(stack, client, ports, mounts),
        ports=tuple(_published(client, ports)),
        mounts=tuple(mounts.values()),
        configs=(
            *(config_of(name, text) for name, text in client.files.items()),
            *(config_of(name, text, CA_FOLDER) for name, text in client.ca.items()),
        ),
        extra_hosts=client.extra_hosts,
    )


def _published(client: StackClient, ports: Ports) -> Iterator[PublishedPort]:
    address = EVERYWHERE if client.public else HOST
    yield PublishedPort(container=API_PORT, host=ports.api, address=address)
    if not client.headless:
        yield PublishedPort(container=VNC_PORT, host=ports.vnc, address=address)
    if ports.cdp or client.is_browser:
        yield PublishedPort(container=CDP_PORT, host=ports.cdp)  # on loopback only: it has no password
    if client.is_proxy:
        yield PublishedPort(container=PROXY_PORT, host=ports.proxy)
        yield PublishedPort(container=RELAY_PORT, host=ports.turn)


def config_of(name: str, text: str, folder: str = FILES_FOLDER) -> Config:
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Config(name=f"file-{digest}", content=text, target=f"{folder}/{name}")


def _mounts(client: StackClient) -> dict[str, Mount]:
    """The media files by kind; they keep their suffix, by which the application detects the format."""
    files = {"video": client.media.video, "audio": client.media.audio}
    return {
        kind: Mount(source=str(file), target=f"{MEDIA_FOLDER}/{kind}{file.suffix}")
        for kind, file in files.items()
        if file
    }


def _environment(stack: Stack, client: StackClient, ports: Ports, mounts: Mapping[str, Mount]) -> dict[str, str]:
    always = {
        "SYNTHLAB_LAB": stack.name,
        "SYNTHLAB_NAME": client.name,
        "SYNTHLAB_FLAGS": json.dumps(client.flags),
        "SYNTHLAB_CONDITIONS": json.dumps(client.conditions.to_dict()),
        "USE_VNC": "0" if client.headless else "1",
        **bounds(stack),
        **protocols(stack),
        **probe_variables(stack, client.name),
    }
    given = {
        "SYNTHLAB_SFU": stack.sfu.host if stack.sfu else None,
        "SYNTHLAB_TURN": stack.turn.address if stack.turn else None,
        "SYNTHLAB_RELAY": client.relay,
        "SYNTHLAB_URL": _url(stack, client),
        "SYNTHLAB_TABS": json.dumps([_filled(stack, client, url) for url in client.tabs]) if client.tabs else None,
        "SYNTHLAB_PERMISSIONS": None if client.permissions is None else json.dumps(client.permissions),
        "SYNTHLAB_VIDEO": client.video,
        "SYNTHLAB_ALLOW": " ".join(client.allow) or None,
        "SYNTHLAB_SELF_CONTROL": "1" if client.self_control else None,
        "SYNTHLAB_SCREEN_PORT": None if client.headless else str(ports.vnc or 0),
        "ENTRY": client.command,
    }
    media = {f"SYNTHLAB_MEDIA_{kind.upper()}": mount.target for kind, mount in mounts.items()}
    return always | {name: value for name, value in given.items() if value is not None} | media | dict(client.env)


def bounds(stack: Stack) -> dict[str, str]:
    """The variable for when a container of ours expires: it must stop itself, as synthlab has no daemon on the host."""
    return {} if stack.expires is None else {"SYNTHLAB_EXPIRES": str(stack.expires)}


def protocols(stack: Stack) -> dict[str, str]:
    """The variable for the IP versions a container's application may use; IPv4 is the default."""
    return {} if stack.ip == "ipv4" else {"SYNTHLAB_IP": stack.ip}


def _url(stack: Stack, client: StackClient) -> str | None:
    """The client's URL with its placeholders replaced; the bundled page also gets its parameters."""
    if client.url is None:
        return None
    return _filled(stack, client, client.url) + "".join(
        f"&{name}={value}" for name, value in _parameters(stack, client)
    )


def _parameters(stack: Stack, client: StackClient) -> Iterator[tuple[str, str]]:
    """The parameters of a bundled media server's page that have a value for this client."""
    sfu = stack.sfu if isinstance(stack.sfu, Sfu) else None
    values = {"video": client.video, "turn": _turn(stack, client), "relay": "tcp" if client.is_proxy else None}
    if sfu and sfu.bundled and client.url == sfu.page:
        for name, what in sfu.bundled.parameters.items():
            if value := values[what]:
                yield name, value


def _filled(stack: Stack, client: StackClient, url: str) -> str:
    """A client's URL with its placeholders replaced."""
    return filled(
        url,
        name=client.name,
        lab=stack.name,
        sfu=stack.sfu.host if stack.sfu else "",
        turn=_turn(stack, client) or "",
    )


def _turn(stack: Stack, client: StackClient) -> str | None:
    """What takes the place of `{turn}`: for a proxy itself, as its own server's port is known only once it runs."""
    if client.is_proxy:
        return TURN_PLACE
    return stack.turn.address if stack.turn else None


def filled(url: str, **places: str) -> str:
    """`url` with these placeholders replaced. Other braces are the page's own, so this is not `str.format`."""
    for place, value in places.items():
        url = url.replace(f"{{{place}}}", value)
    return url

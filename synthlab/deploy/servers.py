"""The media server's containers: its own, one that holds its network where it is conditioned, those of a Compose file.

A conditioned media server shares the network of a companion: an image syntheticnet without an application, which has
the name, the ports and the API, and is healthy before the media server starts. So any image can be conditioned.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from ..contract import COMPANION_API_PORT, SFU_HOST, SYNTHETICNET
from ..engine import labels
from ..stack import Sfu, Stack
from ..stack.compose_source import ComposeFile
from .services import PublishedPort, Service, bounds, config_of, lab_labels, protocols

COMPANION = "sfu-network"


def sfu_services(stack: Stack) -> list[Service]:
    """The containers of a media server that synthlab describes itself: one, or two where it is conditioned."""
    sfu = stack.sfu
    if not isinstance(sfu, Sfu) or sfu.compose:
        return []
    own = Service(
        name=SFU_HOST,
        image=sfu.image,
        hostname=SFU_HOST,
        init=True,
        labels=lab_labels(stack) | {labels.ROLE: "sfu", labels.APP: sfu.app},
        environment={**bounds(stack), **protocols(stack), **_joining(sfu), **_capped(sfu), **sfu.env},
        command=sfu.command,
        ports=tuple(PublishedPort(container=port, host=None) for port in metrics_ports(stack)),
        published=tuple(_published(sfu)),
    )
    if sfu.conditions is None:
        return [own]
    beside = replace(
        own, hostname=None, ports=(), published=(), network_of=COMPANION, after={COMPANION: "service_healthy"}
    )
    return [_companion(stack, sfu, own), beside]


def compose_parts(stack: Stack) -> dict[str, dict[str, Any]]:
    """What comes of the media server's Compose file: its `services`, and the `networks`, ... beside them, marked."""
    compose = stack.sfu.compose if isinstance(stack.sfu, Sfu) else None
    if compose is None:
        return {}
    marks = lab_labels(stack)
    parts = {"services": {name: _of_compose(stack, compose, name) for name in compose.services}}
    for kind, bodies in compose.named.items():
        own = {name: _marked(body, marks) for name, body in bodies.items() if name != "default"}
        parts |= {kind: own} if own else {}
    return parts


def sfu_size(stack: Stack) -> int:
    """How many containers the media server is."""
    compose = stack.sfu.compose if isinstance(stack.sfu, Sfu) else None
    return len(compose.services) if compose else len(sfu_services(stack))


def metrics_ports(stack: Stack) -> list[int]:
    """The port of the lab's own media server at which it tells its numbers, if any."""
    url = urlsplit(stack.sfu.metrics or "") if stack.sfu else None
    return [url.port or 80] if url and url.hostname == SFU_HOST else []


def join_page(stack: Stack) -> str | None:
    """What a browser outside the lab opens to join the call; None where it cannot, or nobody knows the page."""
    sfu = stack.sfu
    if not (isinstance(sfu, Sfu) and sfu.join and sfu.page):
        return None
    return sfu.page.format(sfu=sfu.join, name="you", lab=stack.name)


def _companion(stack: Stack, sfu: Sfu, own: Service) -> Service:
    assert sfu.conditions is not None
    return Service(
        name=COMPANION,
        image=SYNTHETICNET,
        hostname=SFU_HOST,
        alias=SFU_HOST,
        conditioned=True,
        labels=lab_labels(stack) | {labels.ROLE: "network", labels.CLIENT: COMPANION, labels.APP: "syntheticnet"},
        environment={
            "SYNTHLAB_LAB": stack.name,
            "SYNTHLAB_NAME": SFU_HOST,
            "SYNTHLAB_CONDITIONS": json.dumps(sfu.conditions.to_dict()),
            "SYNTHLAB_API_PORT": str(COMPANION_API_PORT),
            "SYNTHLAB_CONTROL_PORTS": str(COMPANION_API_PORT),
            **bounds(stack),
            **protocols(stack),
        },
        ports=(PublishedPort(container=COMPANION_API_PORT, host=None),),
        published=own.published,
        configs=tuple(config_of(name, text) for name, text in sfu.files.items()),
    )


def _joining(sfu: Sfu) -> dict[str, str]:
    """What tells a bundled media server the address that it has outside the lab, and the ports it may use."""
    if not (sfu.bundled and sfu.join):
        return {}
    media = next(ports.removesuffix("/udp") for ports in sfu.ports if ports.endswith("/udp"))
    return {"SYNTHLAB_JOIN": sfu.join, "SYNTHLAB_MEDIA_PORTS": media}


def _capped(sfu: Sfu) -> dict[str, str]:
    """What tells a bundled media server how much each sender's video may take; 0 for no cap."""
    return {} if sfu.bitrate_bps is None else {"SYNTHLAB_BITRATE": str(sfu.bitrate_bps)}


def _published(sfu: Sfu) -> Iterator[str]:
    for ports in sfu.ports if sfu.join else ():
        yield f"{sfu.join}:{ports.partition('/')[0]}:{ports}"


def _of_compose(stack: Stack, compose: ComposeFile, name: str) -> dict[str, Any]:
    """A service of the user's, marked as the lab's; the media server is in the lab's network, by that name."""
    body = compose.services[name]
    assert isinstance(stack.sfu, Sfu)
    if name != stack.sfu.service:
        return _marked(body, lab_labels(stack) | {labels.ROLE: "service", labels.CLIENT: name, labels.APP: name})
    networks = dict(body.get("networks") or {"default": None})
    default = dict(networks.get("default") or {})
    networks["default"] = default | {"aliases": [*default.get("aliases", ()), SFU_HOST]}
    ports = [*body.get("ports", ()), *({"target": port, "host_ip": "127.0.0.1"} for port in metrics_ports(stack))]
    marks = lab_labels(stack) | {labels.ROLE: "sfu", labels.APP: name}
    return _marked({**body, "networks": networks, "ports": ports}, marks)


def _marked(body: Mapping[str, Any], marks: Mapping[str, str]) -> dict[str, Any]:
    """With our labels, unless it is somebody else's."""
    if body.get("external"):
        return dict(body)
    return {
        **body,
        "labels": {**(body.get("labels") or {}), **{name: value.replace("$", "$$") for name, value in marks.items()}},
    }

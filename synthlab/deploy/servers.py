"""The servers' containers: the media server's, the TURN server's, those of a Compose file, and companions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..contract import SFU_HOST
from ..engine import labels
from ..stack import Sfu, Stack
from ..stack.compose_source import ComposeFile
from .companion import companion
from .services import PublishedPort, Service, bounds, lab_labels, protocols
from .turn import turn_services


def server_services(stack: Stack) -> list[Service]:
    """The containers of all servers that synthlab describes itself; the companion of a conditioned one before it."""
    return [one for service in servers(stack) for one in _with_companion(stack, service)]


def servers(stack: Stack) -> list[Service]:
    """The servers alone, as they are without conditions."""
    return [*_sfu_services(stack), *turn_services(stack)]


def server_count(stack: Stack) -> int:
    """How many containers the servers are."""
    compose = stack.sfu.compose if isinstance(stack.sfu, Sfu) else None
    return len(server_services(stack)) + len(compose.services if compose else ())


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


def _with_companion(stack: Stack, service: Service) -> tuple[Service, ...]:
    network = stack.conditioned.get(service.name)
    return (service,) if network is None else companion(stack, service, network)


def _sfu_services(stack: Stack) -> list[Service]:
    """One container, or none."""
    sfu = stack.sfu
    if not isinstance(sfu, Sfu) or sfu.compose:
        return []
    return [
        Service(
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
    ]


def _joining(sfu: Sfu) -> dict[str, str]:
    """What tells a bundled media server the address that it has outside the lab, and the ports it may use."""
    if not (sfu.bundled and sfu.join):
        return {}
    return {"SYNTHLAB_JOIN": sfu.join, "SYNTHLAB_MEDIA_PORTS": sfu.bundled.media}


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

"""The servers' containers: media server, TURN server, services of a Compose file, and companions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..contract import SFU_HOST
from ..engine import labels
from ..stack import Sfu, Stack
from ..stack.compose_source import ComposeFile
from .companion import companion
from .services import PublishedPort, Service, bounds, filled, lab_labels, protocols
from .turn import turn_services


def server_services(stack: Stack) -> list[Service]:
    """The containers of all servers outside the user's Compose file, each after its companion if it has one."""
    return [container for service in servers(stack) for container in _with_companion(stack, service)]


def servers(stack: Stack) -> list[Service]:
    """The servers without companions, as if unconditioned."""
    return [*_sfu_services(stack), *turn_services(stack)]


def server_count(stack: Stack) -> int:
    """The number of server containers, companions and services of a Compose file included."""
    compose = stack.sfu.compose if isinstance(stack.sfu, Sfu) else None
    return len(server_services(stack)) + len(compose.services if compose else ())


def compose_parts(stack: Stack) -> dict[str, dict[str, Any]]:
    """The top-level sections of the media server's Compose file (`services`, `networks`, ...), with our labels."""
    compose = stack.sfu.compose if isinstance(stack.sfu, Sfu) else None
    if compose is None:
        return {}
    marks = lab_labels(stack)
    parts = {"services": {name: _of_compose(stack, compose, name) for name in compose.services}}
    for kind, bodies in compose.named.items():
        own = {name: _marked(body, marks) for name, body in bodies.items()}
        if kind == "networks":
            own.pop("default", None)  # the template itself writes it, with our labels and subnet
        parts |= {kind: own} if own else {}
    return parts


def metrics_ports(stack: Stack) -> list[int]:
    """The port of the lab's own media server that serves its metrics, if any."""
    url = urlsplit(stack.sfu.metrics or "") if stack.sfu else None
    return [url.port or 80] if url and url.hostname == SFU_HOST else []


def join_page(stack: Stack) -> str | None:
    """The URL with which a browser outside the lab joins the call; None if it cannot, or the page is unknown.

    `{turn}` is empty in it, as in a lab without TURN: the server can be reached only from the lab.
    """
    sfu = stack.sfu
    if not (isinstance(sfu, Sfu) and sfu.join and sfu.page):
        return None
    return filled(sfu.page, sfu=sfu.join, name="you", lab=stack.name, turn="")


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
    """Variables for a bundled media server: its address outside the lab, and the ports it may use."""
    if not (sfu.bundled and sfu.join):
        return {}
    return {"SYNTHLAB_JOIN": sfu.join, "SYNTHLAB_MEDIA_PORTS": sfu.bundled.media}


def _capped(sfu: Sfu) -> dict[str, str]:
    """The variable for a bundled media server's cap on each sender's video, in bit/s; 0 for no cap."""
    return {} if sfu.bitrate_bps is None else {"SYNTHLAB_BITRATE": str(sfu.bitrate_bps)}


def _published(sfu: Sfu) -> Iterator[str]:
    # The same ports outside as inside: the server tells browsers the ports that it listens on itself.
    for ports in sfu.ports if sfu.join else ():
        yield f"{sfu.join}:{ports.partition('/')[0]}:{ports}"


def _of_compose(stack: Stack, compose: ComposeFile, name: str) -> dict[str, Any]:
    """A service of the user's Compose file with our labels; the media server also joins the lab's network as `sfu`."""
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
    """`body` with our labels added, unless it is external: then Compose does not create it."""
    if body.get("external"):
        return dict(body)
    return {
        **body,
        # Compose's output goes into the file as it is, with its `$` doubled: so must our labels.
        "labels": {**(body.get("labels") or {}), **{name: value.replace("$", "$$") for name, value in marks.items()}},
    }

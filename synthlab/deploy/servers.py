"""The servers' containers: media server, TURN server, services of a Compose file, and companions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..contract import SFU_HOST
from ..engine import labels
from ..stack import Sfu, Stack
from ..stack.services import replica_count
from .address_plan import AddressPlan
from .companion import companion
from .probing import metrics_ports
from .routers import router_services
from .services import PublishedPort, Service, bounds, filled, lab_labels, protocols
from .turn import turn_services
from .wrapping import companions, marked, project_services


def server_services(stack: Stack, plan: AddressPlan | None = None) -> list[Service]:
    """The containers of all servers outside the user's Compose project, and the companions of all servers; routers."""
    own = [container for service in servers(stack) for container in _with_companion(stack, service)]
    placed = [_placed(service, plan) for service in own] if plan else own
    return [*placed, *companions(stack), *router_services(stack, plan)]


def _placed(service: Service, plan: AddressPlan) -> Service:
    """A server or companion at its place in a lab with routers; one in another's network has none."""
    if service.network_of:
        return service
    routes = plan.environment(service.name, None) if service.conditioned else {}
    return replace(service, networks=plan.networks(service.name), environment={**service.environment, **routes})


def servers(stack: Stack) -> list[Service]:
    """The servers without companions, as if unconditioned."""
    return [*_sfu_services(stack), *turn_services(stack)]


def server_count(stack: Stack) -> int:
    """The number of server containers, companions and services of a Compose project included."""
    return len(server_services(stack)) + len(stack.routers) + sum(map(replica_count, project_services(stack).values()))


def compose_parts(stack: Stack) -> dict[str, dict[str, Any]]:
    """The top-level sections of the Compose project (`services`, `networks`, ...), with our labels.

    Volumes have none: they may be older than the lab, and remain when it is removed.
    """
    if stack.compose is None:
        return {}
    marks = lab_labels(stack)
    parts = {"services": project_services(stack)}
    for kind, bodies in stack.compose.named.items():
        own = {name: dict(body) if kind == "volumes" else marked(body, marks) for name, body in bodies.items()}
        if kind == "networks" and not bodies.get("default"):
            own.pop("default", None)  # without options of its own: the template writes it
        parts |= {kind: own} if own else {}
    return parts


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
    if not isinstance(sfu, Sfu) or sfu.service:
        return []
    return [
        Service(
            name=SFU_HOST,
            image=sfu.image,
            hostname=SFU_HOST,
            init=True,
            labels=lab_labels(stack) | {labels.ROLE: "sfu", labels.APP: sfu.app} | _outside(stack, sfu),
            environment={**bounds(stack), **protocols(stack), **_joining(sfu), **_capped(sfu), **sfu.env},
            command=sfu.command,
            ports=tuple(PublishedPort(container=port, host=None) for port in metrics_ports(stack)),
            published=tuple(_published(sfu)),
        )
    ]


def _outside(stack: Stack, sfu: Sfu) -> dict[str, str]:
    return {labels.OUTSIDE: join_page(stack) or labels.PUBLISHED_PORTS} if sfu.join else {}


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

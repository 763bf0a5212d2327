"""The containers of a stack as a picture names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from syntheticnet.conditions import Conditions

from ...contract import SFU_HOST, TURN_HOST
from ...stack import ExternalSfu, Stack, StackClient
from ...text.quantities import counted

Kind = Literal["client", "router", "server"]

ARROWS = {"egress": "↑", "ingress": "↓"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TopologyMember:
    """One container, or several that are alike: `name`, and below it what it is, `about`.

    `uplink`: the router that it is behind, None for the lab's network. `values`: lines about its link.
    """

    kind: Kind
    name: str
    about: str
    uplink: str | None = None
    values: tuple[str, ...] = ()


def members_of(stack: Stack) -> list[TopologyMember]:
    """Routers, clients and conditioned services, in the order of the file."""
    return [*_routers(stack), *_clients(stack.clients), *_services(stack)]


def servers_of(stack: Stack) -> Iterator[TopologyMember]:
    """The media server and the TURN server."""
    if isinstance(stack.sfu, ExternalSfu):
        yield TopologyMember(kind="server", name=SFU_HOST, about=f"{stack.sfu.host}, outside")
    elif stack.sfu:
        about = stack.sfu.service or stack.sfu.image
        yield TopologyMember(kind="server", name=SFU_HOST, about=about, values=_values_of(stack, SFU_HOST))
    if stack.turn:
        yield TopologyMember(kind="server", name=TURN_HOST, about=stack.turn.image)


def link_values(conditions: Conditions) -> tuple[str, ...]:
    """Lines such as `↑ rate 2mbit, queue 1s`, and the number of flows and states."""
    written = conditions.to_dict()
    lines = [f"{arrow} {_listed(written[way])}" for way, arrow in ARROWS.items() if written.get(way)]
    parts = ((len(written.get("flows", ())), "flow"), (len(written.get("states", ())), "state"))
    extra = [counted(number, noun) for number, noun in parts if number]
    return (*lines, *([", ".join(extra)] if extra else []))


def _routers(stack: Stack) -> Iterator[TopologyMember]:
    for router in stack.routers:
        nat = stack.conditioned[router.name].conditions.nat.kind
        yield TopologyMember(
            kind="router",
            name=router.name,
            about="no NAT" if nat == "none" else f"{nat} NAT",
            uplink=router.uplink,
            values=_values_of(stack, router.name),
        )


def _clients(clients: Sequence[StackClient]) -> Iterator[TopologyMember]:
    """Neighbours in the file that differ only in their number are one member."""
    for (group, uplink, _), found in groupby(clients, lambda one: (one.group, one.uplink, one.conditions)):
        alike = list(found)
        first = alike[0]
        yield TopologyMember(
            kind="client",
            name=first.name if len(alike) == 1 else f"{group} ({len(alike)})",
            about=first.app,
            uplink=uplink,
            values=link_values(first.conditions),
        )


def _services(stack: Stack) -> Iterator[TopologyMember]:
    for service in stack.services:
        for name in service.network_names:
            yield TopologyMember(kind="client", name=name, about="service", values=_values_of(stack, name))


def _values_of(stack: Stack, name: str) -> tuple[str, ...]:
    network = stack.conditioned.get(name)
    return link_values(network.conditions) if network else ()


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in values.items())


def _short(value: Any) -> str:
    return "…" if isinstance(value, dict | list) else str(value)

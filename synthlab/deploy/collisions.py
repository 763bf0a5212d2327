"""Fixed ports and subnets of a user's Compose project that somebody else has: found before anything starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from ..errors import SynthlabError
from ..stack import Stack
from .services import project_of

AUTO = "auto"


def refuse_collisions(stack: Stack, free: Callable[[int], bool], subnets: Mapping[str, str]) -> None:
    """Raise SynthlabError for each fixed port that is not `free`, and each fixed subnet that overlaps another's.

    `subnets` are the engine's, with the names of their networks.
    """
    taken = [*_ports(stack, free), *_subnets(stack, subnets)]
    if taken:
        raise SynthlabError(taken[0], taken[1:])


def with_drawn_ports(stack: Stack) -> Stack:
    """The stack with host ports that the engine draws, in place of those that the Compose files fix."""
    if stack.compose is None:
        return stack
    services = {
        name: {**body, "ports": [_drawn(port) for port in body["ports"]]} if body.get("ports") else body
        for name, body in stack.compose.services.items()
    }
    return replace(stack, compose=replace(stack.compose, services=services))


def _drawn(port: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in port.items() if key != "published"}


def _ports(stack: Stack, free: Callable[[int], bool]) -> Iterator[str]:
    for name, body in stack.compose.services.items() if stack.compose else ():
        for port in body.get("ports") or ():
            given = str(port.get("published", ""))
            # Of a range the engine takes a port that is free; UDP's cannot be tried from here.
            if given.isdecimal() and port.get("protocol") != "udp" and not free(int(given)):
                where = f"{_file(stack)}: services.{name}.ports"
                yield f"{where}: port {given} is taken: free it, or let the engine draw others with --ports {AUTO}"


def _subnets(stack: Stack, subnets: Mapping[str, str]) -> Iterator[str]:
    others = {ip_network(subnet): name for subnet, name in subnets.items() if not is_own_network(stack, name)}
    for name, body in (stack.compose.named.get("networks", {}) if stack.compose else {}).items():
        for config in (body.get("ipam") or {}).get("config") or ():
            own = ip_network(config.get("subnet", "::/128"), strict=False)
            for other, theirs in others.items():
                if own.version == other.version and own.overlaps(other):
                    where = f"{_file(stack)}: networks.{name}"
                    yield f"{where}: {own} overlaps {other} of the network {theirs}: remove that, or change the subnet"


def is_own_network(stack: Stack, network: str) -> bool:
    """Whether a network of the engine is this lab's own."""
    return network.startswith(f"{project_of(stack)}_")


def _file(stack: Stack) -> str:
    return stack.compose.shown_as if stack.compose else stack.file

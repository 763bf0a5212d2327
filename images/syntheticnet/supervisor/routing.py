"""Where a container's packets go besides what Docker set: through a router, or to the lans behind others."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network

from .interface import Interface, Route


@dataclass(frozen=True)
class Routing:
    """`gateway` is the router that the default route leads to, instead of Docker's; None: Docker's.

    `lans` are networks behind other routers, each with that router's address in a network of the container.
    """

    gateway: IPv4Address | None = None
    lans: Mapping[IPv4Network, IPv4Address] = field(default_factory=dict)

    def over(self, found: Interface) -> Interface:
        """The interface with these routes."""
        routes = found.routes
        if self.gateway:
            routes = tuple(one for one in routes if one.family != socket.AF_INET or one.destination is not None)
            routes += (Route(socket.AF_INET, None, str(self.gateway), None),)
        return replace(found, routes=(*routes, *self.behind(found)))

    def behind(self, found: Interface) -> tuple[Route, ...]:
        """The routes to the lans whose routers are in this interface's network."""
        return tuple(
            Route(socket.AF_INET, str(lan), str(router), None)
            for lan, router in self.lans.items()
            if any(network.version == 4 and router in network for network in found.networks)
        )


DOCKERS = Routing()
"""Only Docker's routes."""

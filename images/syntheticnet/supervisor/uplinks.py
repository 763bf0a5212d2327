"""The networks of a client that can change them: each with its router, and a spare address there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from .routing import Routing


@dataclass(frozen=True)
class Uplink:
    """The lan of the router `name`, which has the address `gateway` there; nobody else has the address `spare`."""

    name: str
    network: IPv4Network
    gateway: IPv4Address
    spare: IPv4Address

    def routing(self, lans: Mapping[IPv4Network, IPv4Address]) -> Routing:
        """What leads out through this router, and to those `lans` whose routers are in its network."""
        return Routing(self.gateway, lans)


def read_uplinks(text: str) -> tuple[Uplink, ...]:
    """`NAME=SUBNET,GATEWAY,SPARE` for each network; raises ValueError."""
    return tuple(_uplink(word) for word in text.split())


def _uplink(word: str) -> Uplink:
    name, _, rest = word.partition("=")
    places = rest.split(",")
    if len(places) != 3:
        raise ValueError(f"{word!r} is not NAME=SUBNET,GATEWAY,SPARE")
    return Uplink(name, IPv4Network(places[0]), IPv4Address(places[1]), IPv4Address(places[2]))

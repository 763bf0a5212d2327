"""The container's interfaces as plain values, and the choice of the one to condition."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_interface

IPNetwork = IPv4Network | IPv6Network


class NoInterface(Exception):
    """No interface can be conditioned; the message is one line."""


@dataclass(frozen=True)
class Address:
    """An address with its prefix length."""

    family: int
    host: str
    prefix: int

    @property
    def network(self) -> IPNetwork:
        return ip_interface(f"{self.host}/{self.prefix}").network


@dataclass(frozen=True)
class Route:
    """A route of an interface. Destination None: the default route; gateway None: on-link."""

    family: int
    destination: str | None
    gateway: str | None
    metric: int | None


@dataclass(frozen=True)
class Interface:
    """One interface of the container, without link-local addresses and connected routes."""

    index: int
    name: str
    mac: str
    mtu: int
    addresses: tuple[Address, ...]
    routes: tuple[Route, ...]

    @property
    def link_local(self) -> tuple[Address, ...]:
        """The address the kernel would generate from the MAC (RFC 4291, appendix A); empty without IPv6.

        The kernel's own address becomes usable only a second or two later. Browsers treat that as a network change and
        drop their connections (ERR_NETWORK_CHANGED).
        """
        if all(address.family != socket.AF_INET6 for address in self.addresses):
            return ()
        octets = bytes.fromhex(self.mac.replace(":", ""))
        identity = bytes([octets[0] ^ 0x02]) + octets[1:3] + b"\xff\xfe" + octets[3:]
        return (Address(socket.AF_INET6, socket.inet_ntop(socket.AF_INET6, b"\xfe\x80" + bytes(6) + identity), 64),)

    @property
    def gateways(self) -> tuple[str, ...]:
        """The gateways of this interface's routes."""
        return tuple(sorted({route.gateway for route in self.routes if route.gateway}))

    @property
    def ipv4(self) -> str | None:
        return next((address.host for address in self.addresses if address.family == socket.AF_INET), None)

    @property
    def networks(self) -> tuple[IPNetwork, ...]:
        return tuple(address.network for address in self.addresses)

    def first_address(self) -> str | None:
        """The first address of its IPv4 network."""
        return next((str(network[1]) for network in self.networks if network.version == 4), None)

    def within(self, network: IPNetwork) -> bool:
        """Whether it has an address in this network."""
        return any(_inside(address, network) for address in self.addresses)

    def way_out(self, family: int) -> Route | None:
        """Its default route, if any."""
        routes = (route for route in self.routes if route.family == family and route.destination is None)
        return next(routes, None)


def chosen(found: Sequence[Interface], network: IPNetwork | None) -> Interface:
    """The interface with an address in `network`; by default the one with the default route. Raises NoInterface."""
    if network:
        inside = [interface for interface in found if interface.within(network)]
        if not inside:
            raise NoInterface(f"SYNTHETIC_NETWORK: no interface has an address in {network}")
        return inside[0]
    out = leading_out(found)
    if out is None:
        raise NoInterface("no default route: attach the container to a network, or name a subnet in SYNTHETIC_NETWORK")
    return out


def leading_out(found: Iterable[Interface]) -> Interface | None:
    """The interface with the default route, IPv4 preferred: the one Docker publishes ports on."""
    found = list(found)
    for family in (socket.AF_INET, socket.AF_INET6):
        for interface in found:
            if interface.way_out(family):
                return interface
    return None


def _inside(address: Address, network: IPNetwork) -> bool:
    found = ip_interface(address.host)
    return found.version == network.version and found.ip in network

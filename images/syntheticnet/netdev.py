"""The only user of pyroute2: puts a veth pair between the application and the container's own interface."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_interface
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from .fence import INNER
from .port import open_socket

OUTER = "synth0-out"

_IFF_NOARP = 0x80
_NODAD = 0x02
_PERMANENT = 0x80
_ADDR_GEN_NONE = 1
_IPV6_MTU = 1280
_SCOPE_LINK = 253
_SCOPE_HOST = 254
_MAIN_TABLE = 254
_LOCAL_TABLE = 255
_HOST_TABLE = 65311
_TYPE_LOCAL = 2
_TYPE_MULTICAST = 5
_PROTO_KERNEL = 2

Network = IPv4Network | IPv6Network


class NoInterface(Exception):
    """There is no interface to condition."""


@dataclass(frozen=True)
class Address:
    """An address with its prefix length, as the kernel holds it."""

    family: int
    host: str
    prefix: int


@dataclass(frozen=True)
class Route:
    """A route by way of an interface; a destination of None is the default route, a gateway of None is on-link."""

    family: int
    destination: str | None
    gateway: str | None
    metric: int | None


@dataclass(frozen=True)
class Interface:
    """The container's own interface, as it was found."""

    index: int
    name: str
    mac: str
    mtu: int
    addresses: tuple[Address, ...]
    routes: tuple[Route, ...]

    @property
    def link_local(self) -> tuple[Address, ...]:
        """The address that the kernel would generate from the MAC, where the interface has IPv6 (RFC 4291, appendix A).

        The kernel's own becomes usable a second or two later: browsers take that for another network, and drop their
        connections (ERR_NETWORK_CHANGED).
        """
        if all(address.family != socket.AF_INET6 for address in self.addresses):
            return ()
        octets = bytes.fromhex(self.mac.replace(":", ""))
        identity = bytes([octets[0] ^ 0x02]) + octets[1:3] + b"\xff\xfe" + octets[3:]
        return (Address(socket.AF_INET6, socket.inet_ntop(socket.AF_INET6, b"\xfe\x80" + bytes(6) + identity), 64),)

    @property
    def gateways(self) -> tuple[str, ...]:
        """The hosts that lead out of the container; published ports arrive with their addresses."""
        return tuple(sorted({route.gateway for route in self.routes if route.gateway}))


def find(network: Network | None) -> Interface:
    """The interface with an address in `network`; by default that of the default route. Raises NoInterface."""
    with IPRoute() as kernel:
        index = _by_network(kernel, network) if network else _by_default_route(kernel)
        link = kernel.get_links(index)[0]
        return Interface(
            index=index,
            name=link.get_attr("IFLA_IFNAME"),
            mac=link.get_attr("IFLA_ADDRESS"),
            mtu=link.get_attr("IFLA_MTU"),
            addresses=tuple(_addresses(kernel, index)),
            routes=tuple(_routes(kernel, index)),
        )


def take_over(own: Interface, ipv6_only: bool = False) -> tuple[socket.socket, socket.socket]:
    """Move addresses, MAC and routes of `own` to the inner end of a veth pair; needs NET_ADMIN and NET_RAW.

    With `ipv6_only` the application has no IPv4: it still answers the host, and whoever else it hears of.

    Returns packet sockets on `own` and on the outer end. They are open before the inner end goes up, or the first
    packet would wait a second for an ARP reply that was lost.
    """
    with IPRoute() as kernel:
        kernel.link("add", ifname=INNER, kind="veth", peer={"ifname": OUTER})
        inner, outer = (kernel.link_lookup(ifname=name)[0] for name in (INNER, OUTER))
        for index in (inner, outer):
            kernel.link("set", index=index, mtu=own.mtu)
        for route in own.routes:  # those of IPv6 would outlive the addresses, and be in the way of ours
            kernel.route("del", oif=own.index, **_written(route))
        _forget_ipv6(kernel, own)
        # Overlay networks deliver to the original MAC only, so the application's end must have it, and only it.
        kernel.link("set", index=own.index, address=_random_mac())
        kernel.link("set", index=inner, address=own.mac)
        _generate_no_address(kernel, inner)
        for index in (own.index, outer):
            _silence(kernel, index)
        kernel.flush_addr(index=own.index)
        sockets = open_socket(own.index), open_socket(outer)
        kernel.link("set", index=outer, state="up")
        kernel.link("set", index=inner, state="up")
        hidden = socket.AF_INET if ipv6_only else None
        for address in (*own.addresses, *own.link_local):
            if address.family != hidden:
                kernel.addr("add", index=inner, address=address.host, prefixlen=address.prefix, flags=_nodad(address))
        for route in sorted(own.routes, key=lambda route: route.gateway is not None):  # a gateway must be reachable
            if route.family != hidden:
                kernel.route("add", oif=inner, **_written(route))
        if hidden:
            _answer_only(kernel, inner, own)
        _attract_multicast(kernel, inner)
    return sockets


def pin(macs: Mapping[str, str]) -> None:
    """Let the application's end believe that these IPv4 addresses are at these MACs, whatever anybody says."""
    with IPRoute() as kernel:
        (inner,) = kernel.link_lookup(ifname=INNER)
        for host, mac in macs.items():
            kernel.neigh("replace", dst=host, lladdr=mac, ifindex=inner, state=_PERMANENT)


def _nodad(address: Address) -> int:
    return _NODAD if address.family == socket.AF_INET6 else 0


def _by_network(kernel: Any, network: Network) -> int:
    for address in kernel.get_addr():
        found = ip_interface(f"{address.get_attr('IFA_ADDRESS')}/{address['prefixlen']}")
        if found.version == network.version and found.ip in network:
            return int(address["index"])
    raise NoInterface(f"SYNTHETIC_NETWORK: no interface has an address in {network}")


def _by_default_route(kernel: Any) -> int:
    for family in (socket.AF_INET, socket.AF_INET6):
        for route in kernel.get_default_routes(family=family):
            if route.get_attr("RTA_OIF"):
                return int(route.get_attr("RTA_OIF"))
    raise NoInterface("no default route: attach the container to a network, or name a subnet in SYNTHETIC_NETWORK")


def _addresses(kernel: Any, index: int) -> Iterator[Address]:
    """All but link-local IPv6 addresses: those are made from the MAC."""
    for address in kernel.get_addr(index=index):
        if not (address["family"] == socket.AF_INET6 and address["scope"] == _SCOPE_LINK):
            yield Address(address["family"], address.get_attr("IFA_ADDRESS"), address["prefixlen"])


def _routes(kernel: Any, index: int) -> Iterator[Route]:
    """Routes that an administrator (or Docker) set; those to connected networks come with the addresses."""
    for family in (socket.AF_INET, socket.AF_INET6):
        for route in kernel.get_routes(family=family, table=_MAIN_TABLE):
            if route.get_attr("RTA_OIF") == index and route["proto"] != _PROTO_KERNEL:
                destination = route.get_attr("RTA_DST")
                yield Route(
                    family=family,
                    destination=f"{destination}/{route['dst_len']}" if destination else None,
                    gateway=route.get_attr("RTA_GATEWAY"),
                    metric=route.get_attr("RTA_PRIORITY"),
                )


def _written(route: Route) -> dict[str, Any]:
    wild = "0.0.0.0/0" if route.family == socket.AF_INET else "::/0"
    values = {"gateway": route.gateway, "priority": route.metric}
    named = {key: value for key, value in values.items() if value is not None}
    return {"family": route.family, "dst": route.destination or wild, **named}


def _forget_ipv6(kernel: Any, own: Interface) -> None:
    """Let IPv6 begin anew there with the container's defaults, such as to believe no router advertisement.

    They are those of interfaces made later than the settings; /proc/sys is read-only, but a low MTU ends IPv6.
    """
    if own.mtu >= _IPV6_MTU:
        for mtu in (_IPV6_MTU - 1, own.mtu):
            kernel.link("set", index=own.index, mtu=mtu)


def _silence(kernel: Any, index: int) -> None:
    """Let the kernel say nothing of its own there: no ARP, no IPv6 solicitations."""
    kernel.link("set", index=index, flags=_IFF_NOARP, change=_IFF_NOARP)
    _generate_no_address(kernel, index)


def _generate_no_address(kernel: Any, index: int) -> None:
    with suppress(NetlinkError):  # a kernel without IPv6 knows no such attribute, and generates none
        mode = {"attrs": [["IFLA_INET6_ADDR_GEN_MODE", _ADDR_GEN_NONE]]}
        kernel.link("set", index=index, IFLA_AF_SPEC={"attrs": [["AF_INET6", mode]]})


def _answer_only(kernel: Any, index: int, own: Interface) -> None:
    """Keep the IPv4 addresses without having them: what comes for them is taken, and only answers find a way out.

    No interface shows such an address. A socket that names no source finds no route at all, and is told so at once;
    an accepted connection has its source, and by that the routes of a table of its own.
    """
    for address in own.addresses:
        if address.family == socket.AF_INET:
            local = {"table": _LOCAL_TABLE, "type": _TYPE_LOCAL, "scope": _SCOPE_HOST}
            kernel.route("add", dst=f"{address.host}/32", oif=index, **local)
            kernel.rule("add", src=address.host, src_len=32, table=_HOST_TABLE)
    for route in own.routes:
        if route.family == socket.AF_INET and route.gateway:
            kernel.route("replace", dst=f"{route.gateway}/32", oif=index, table=_HOST_TABLE, scope=_SCOPE_LINK)
            kernel.route("add", oif=index, table=_HOST_TABLE, **_written(route))


def _attract_multicast(kernel: Any, index: int) -> None:
    """Send IPv6 multicast that names no interface by this one.

    Every interface has a route for it with a metric of 256, and the oldest wins: the container's own.
    """
    route = {"family": socket.AF_INET6, "dst": "ff00::/8", "table": _LOCAL_TABLE, "type": _TYPE_MULTICAST}
    with suppress(NetlinkError):  # a kernel without IPv6 needs none
        kernel.route("add", oif=index, priority=1, **route)


def _random_mac() -> str:
    """A locally administered unicast address."""
    octets = [0x02, *(random.SystemRandom().randrange(256) for _ in range(5))]
    return ":".join(f"{octet:02x}" for octet in octets)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn the kernel's refusals into NoInterface with a line that says what to do."""
    try:
        yield
    except NetlinkError as error:
        raise NoInterface(f"cannot take over the interface: {error.args[-1]} (needs cap_add: NET_ADMIN)") from error

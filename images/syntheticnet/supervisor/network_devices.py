"""Puts a veth pair between the application and the container's own interface; the only user of pyroute2."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from ..firewall import INNERS
from ..forwarder.port import bind_socket, spare_socket
from .interface import Address, Interface, NoInterface, Route

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
_EVENT_GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400  # links; addresses and routes of IPv4, of IPv6


@dataclass(frozen=True)
class Wire:
    """The veth pair between an interface and the application, and the packet sockets on both sides.

    The sockets are opened once, with NET_RAW, and rebound at each takeover, which needs no capability. The forwarder
    shares them, so it keeps working without being restarted.
    """

    inner: str
    outer: str
    outside: socket.socket
    inside: socket.socket

    @classmethod
    def open(cls, number: int = 0) -> Wire:
        """Open the sockets for the interface with this number; needs NET_RAW."""
        inner = INNERS[number]
        return cls(inner, f"{inner}-out", spare_socket(), spare_socket())


def find() -> list[Interface]:
    """All interfaces of the container except loopback and the veth pairs."""
    with IPRoute() as kernel:
        links = {link["index"]: link for link in kernel.get_links()}
        return [_read(kernel, index, link) for index, link in links.items() if not _is_ours(link)]


def take_over(own: Interface, wire: Wire, pins: Mapping[str, str], ipv6_only: bool = False) -> None:
    """Move addresses, MAC and routes of `own` to the inner end of the wire; needs NET_ADMIN.

    With `ipv6_only` the application gets no IPv4, but can still answer the host and other allowed peers. `pins` are
    known MACs (see `pin`).

    The order matters. The original interface loses its addresses and goes silent before the inner end gets them, so
    that no address exists twice. The sockets are bound before the inner end goes up; otherwise the first packet would
    wait a second for a lost ARP reply.
    """
    with IPRoute() as kernel:
        if not kernel.link_lookup(ifname=wire.inner):
            kernel.link("add", ifname=wire.inner, kind="veth", peer={"ifname": wire.outer})
        inner, outer = (kernel.link_lookup(ifname=name)[0] for name in (wire.inner, wire.outer))
        for index in (inner, outer):
            # An overlay network's interface has a lower MTU than a veth pair, and the application must not exceed it.
            kernel.link("set", index=index, mtu=own.mtu)
        # IPv6 routes would outlive their addresses and conflict with ours.
        for route in list(_routes(kernel, own.index)):
            kernel.route("del", oif=own.index, **_written(route))
        _forget_ipv6(kernel, own)
        # Overlay networks deliver only to the original MAC, so the application's end must have it, and no other.
        kernel.link("set", index=own.index, address=_random_mac())
        kernel.link("set", index=inner, address=own.mac)
        _generate_no_address(kernel, inner)
        for index in (own.index, outer):
            _silence(kernel, index)
        kernel.flush_addr(index=own.index)
        bind_socket(wire.outside, own.index)
        bind_socket(wire.inside, outer)
        kernel.link("set", index=outer, state="up")
        kernel.link("set", index=inner, state="up")
        _pin(kernel, inner, pins)
        hidden = socket.AF_INET if ipv6_only else None
        for address in (*own.addresses, *own.link_local):
            if address.family != hidden:
                kernel.addr("add", index=inner, address=address.host, prefixlen=address.prefix, flags=_nodad(address))
        for route in sorted(own.routes, key=_by_gateway):
            if route.family != hidden:
                kernel.route("add", oif=inner, **_written(route))
        if hidden:
            _answer_only(kernel, inner, own)
        _attract_multicast(kernel, inner)


def let_go(wire: Wire, ipv6_only: bool = False) -> None:
    """Remove everything from the inner end, so that Docker can give the same addresses to another interface.

    Docker may do so at any moment, so the link goes down first: that removes the routes Docker would collide with.
    """
    inner = socket.if_nametoindex(wire.inner)
    with IPRoute() as kernel:
        kernel.link("set", index=inner, state="down")
        for address in list(_addresses(kernel, inner)):
            kernel.addr("del", index=inner, address=address.host, prefixlen=address.prefix)
        if ipv6_only:
            _forget_rules(kernel)


def pin(interface: str, macs: Mapping[str, str]) -> None:
    """Pin IPv4 addresses to MACs on an interface as permanent neighbours, which ARP cannot change."""
    with IPRoute() as kernel:
        _pin(kernel, socket.if_nametoindex(interface), macs)


def lead(own: Interface, wire: Wire, ipv6_only: bool = False) -> None:
    """Add the routes of `own` that the inner end lacks."""
    hidden = socket.AF_INET if ipv6_only else None
    inner = socket.if_nametoindex(wire.inner)
    with IPRoute() as kernel:
        present = set(_routes(kernel, inner))
        for route in sorted(set(own.routes) - present, key=_by_gateway):
            if route.family != hidden:
                kernel.route("replace", oif=inner, **_written(route))


def lead_nowhere(other: Interface) -> None:
    """Remove an unconditioned interface's default routes: the firewall would drop what is sent there."""
    with IPRoute() as kernel:
        for route in list(_routes(kernel, other.index)):
            if route.destination is None:
                kernel.route("del", oif=other.index, **_written(route))


def answer_through(other: Interface) -> None:
    """Send whatever has an IPv4 address of `other` as its source back through it, although it has no default route."""
    with IPRoute() as kernel:
        for address in other.addresses:
            if address.family == socket.AF_INET:
                kernel.rule("add", src=address.host, src_len=32, table=_HOST_TABLE)
                on_link = {"dst": str(address.network), "scope": _SCOPE_LINK}
                kernel.route("replace", oif=other.index, table=_HOST_TABLE, **on_link)
        for route in other.routes:
            if route.family == socket.AF_INET:
                kernel.route("replace", oif=other.index, table=_HOST_TABLE, **_written(route))


def open_events() -> socket.socket:
    """A socket that is readable whenever an interface, address or route is added or removed; needs no capability."""
    events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
    events.bind((0, _EVENT_GROUPS))
    return events


def _is_ours(link: Any) -> bool:
    name = link.get_attr("IFLA_IFNAME")
    return name == "lo" or name.removesuffix("-out") in INNERS


def _read(kernel: Any, index: int, link: Any) -> Interface:
    return Interface(
        index=index,
        name=link.get_attr("IFLA_IFNAME"),
        mac=link.get_attr("IFLA_ADDRESS"),
        mtu=link.get_attr("IFLA_MTU"),
        addresses=tuple(_addresses(kernel, index)),
        routes=tuple(_routes(kernel, index)),
    )


def _pin(kernel: Any, index: int, macs: Mapping[str, str]) -> None:
    for host, mac in macs.items():
        kernel.neigh("replace", dst=host, lladdr=mac, ifindex=index, state=_PERMANENT)


def _by_gateway(route: Route) -> bool:
    """Sort key: on-link routes first, so that a gateway is reachable once its route is added."""
    return route.gateway is not None


def _nodad(address: Address) -> int:
    return _NODAD if address.family == socket.AF_INET6 else 0


def _addresses(kernel: Any, index: int) -> Iterator[Address]:
    """All addresses except link-local IPv6, which derives from the MAC."""
    for address in kernel.get_addr(index=index):
        if not (address["family"] == socket.AF_INET6 and address["scope"] == _SCOPE_LINK):
            yield Address(address["family"], address.get_attr("IFA_ADDRESS"), address["prefixlen"])


def _routes(kernel: Any, index: int) -> Iterator[Route]:
    """Routes set by Docker or an administrator; connected routes come with the addresses."""
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
    """Reset IPv6 on the interface to the container's defaults, such as ignoring router advertisements.

    The defaults apply only to interfaces created after them, and /proc/sys is read-only. But an MTU below 1280 shuts
    IPv6 down, and raising it starts IPv6 with the defaults.
    """
    if own.mtu >= _IPV6_MTU:
        for mtu in (_IPV6_MTU - 1, own.mtu):
            kernel.link("set", index=own.index, mtu=mtu)


def _silence(kernel: Any, index: int) -> None:
    """Stop the kernel from sending anything itself: no ARP, no IPv6 solicitations."""
    kernel.link("set", index=index, flags=_IFF_NOARP, change=_IFF_NOARP)
    _generate_no_address(kernel, index)


def _generate_no_address(kernel: Any, index: int) -> None:
    with suppress(NetlinkError):  # a kernel without IPv6 rejects the attribute, and generates no address
        mode = {"attrs": [["IFLA_INET6_ADDR_GEN_MODE", _ADDR_GEN_NONE]]}
        kernel.link("set", index=index, IFLA_AF_SPEC={"attrs": [["AF_INET6", mode]]})


def _answer_only(kernel: Any, index: int, own: Interface) -> None:
    """Accept packets to the IPv4 addresses without assigning them; only answers have a route out.

    No interface shows these addresses. A socket without a source address finds no route and fails immediately; an
    accepted connection has a source, and a rule sends it to a routing table of its own.
    """
    for address in own.addresses:
        if address.family == socket.AF_INET:
            local = {"table": _LOCAL_TABLE, "type": _TYPE_LOCAL, "scope": _SCOPE_HOST}
            kernel.route("replace", dst=f"{address.host}/32", oif=index, **local)
            kernel.rule("add", src=address.host, src_len=32, table=_HOST_TABLE)
    for route in own.routes:
        if route.family == socket.AF_INET and route.gateway:
            kernel.route("replace", dst=f"{route.gateway}/32", oif=index, table=_HOST_TABLE, scope=_SCOPE_LINK)
            kernel.route("replace", oif=index, table=_HOST_TABLE, **_written(route))


def _forget_rules(kernel: Any) -> None:
    for rule in list(kernel.get_rules(family=socket.AF_INET)):
        if rule.get_attr("FRA_TABLE") == _HOST_TABLE:
            kernel.rule("del", src=rule.get_attr("FRA_SRC"), src_len=32, table=_HOST_TABLE)


def _attract_multicast(kernel: Any, index: int) -> None:
    """Route IPv6 multicast that names no interface through this one.

    Every interface has such a route with metric 256, and the oldest would win: the container's own.
    """
    route = {"family": socket.AF_INET6, "dst": "ff00::/8", "table": _LOCAL_TABLE, "type": _TYPE_MULTICAST}
    with suppress(NetlinkError):  # a kernel without IPv6 needs no route
        kernel.route("add", oif=index, priority=1, **route)


def _random_mac() -> str:
    """A locally administered unicast address."""
    octets = [0x02, *(random.SystemRandom().randrange(256) for _ in range(5))]
    return ":".join(f"{octet:02x}" for octet in octets)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Convert netlink errors to NoInterface with the fix in the message."""
    try:
        yield
    except NetlinkError as error:
        raise NoInterface(f"cannot take over the interface: {error.args[-1]} (needs cap_add: NET_ADMIN)") from error

"""The only user of pyroute2: puts a veth pair between the application and the container's own interface."""

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
    """The veth pair that stands between an interface and the application, and the packet sockets at its ends.

    They are opened once, by whoever may, and bound anew whenever an interface is taken over: that takes no capability.
    The forwarder shares them.
    """

    inner: str
    outer: str
    outside: socket.socket
    inside: socket.socket

    @classmethod
    def open(cls, number: int = 0) -> Wire:
        """The sockets for the interface of this number; needs NET_RAW."""
        inner = INNERS[number]
        return cls(inner, f"{inner}-out", spare_socket(), spare_socket())


def find() -> list[Interface]:
    """All interfaces of the container but loopback and our own."""
    with IPRoute() as kernel:
        links = {link["index"]: link for link in kernel.get_links()}
        return [_read(kernel, index, link) for index, link in links.items() if not _is_ours(link)]


def take_over(own: Interface, wire: Wire, pins: Mapping[str, str], ipv6_only: bool = False) -> None:
    """Move addresses, MAC and routes of `own` to the inner end of the wire; needs NET_ADMIN.

    With `ipv6_only` the application has no IPv4: it still answers the host, and whoever else it hears of. `pins` are
    MACs that are known already: see `pin`.

    The sockets are bound before the inner end goes up, or the first packet would wait a second for an ARP reply that
    was lost.
    """
    with IPRoute() as kernel:
        if not kernel.link_lookup(ifname=wire.inner):
            kernel.link("add", ifname=wire.inner, kind="veth", peer={"ifname": wire.outer})
        inner, outer = (kernel.link_lookup(ifname=name)[0] for name in (wire.inner, wire.outer))
        for index in (inner, outer):
            kernel.link("set", index=index, mtu=own.mtu)
        for route in list(
            _routes(kernel, own.index)
        ):  # those of IPv6 would outlive the addresses, and be in the way of ours
            kernel.route("del", oif=own.index, **_written(route))
        _forget_ipv6(kernel, own)
        # Overlay networks deliver to the original MAC only, so the application's end must have it, and only it.
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
    """Take everything off the inner end, so that Docker may give the same addresses to another interface.

    It may do so at any moment: with the link, which goes first, go the routes that would make it refuse.
    """
    inner = socket.if_nametoindex(wire.inner)
    with IPRoute() as kernel:
        kernel.link("set", index=inner, state="down")
        for address in list(_addresses(kernel, inner)):
            kernel.addr("del", index=inner, address=address.host, prefixlen=address.prefix)
        if ipv6_only:
            _forget_rules(kernel)


def pin(interface: str, macs: Mapping[str, str]) -> None:
    """Let an interface believe that these IPv4 addresses are at these MACs, whatever anybody says."""
    with IPRoute() as kernel:
        _pin(kernel, socket.if_nametoindex(interface), macs)


def lead(own: Interface, wire: Wire, ipv6_only: bool = False) -> None:
    """Give the inner end what it lacks of the routes of `own`."""
    hidden = socket.AF_INET if ipv6_only else None
    inner = socket.if_nametoindex(wire.inner)
    with IPRoute() as kernel:
        present = set(_routes(kernel, inner))
        for route in sorted(set(own.routes) - present, key=_by_gateway):
            if route.family != hidden:
                kernel.route("replace", oif=inner, **_written(route))


def lead_nowhere(other: Interface) -> None:
    """Take the default routes off an interface that is not conditioned: the fence would cut off what goes there."""
    with IPRoute() as kernel:
        for route in list(_routes(kernel, other.index)):
            if route.destination is None:
                kernel.route("del", oif=other.index, **_written(route))


def open_events() -> socket.socket:
    """A socket that is readable whenever an interface, an address or a route comes or goes; needs no capability."""
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
    """Sorts routes so that a gateway can be reached once its route is added."""
    return route.gateway is not None


def _nodad(address: Address) -> int:
    return _NODAD if address.family == socket.AF_INET6 else 0


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

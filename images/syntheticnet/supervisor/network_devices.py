"""Puts a veth pair between the application and the container's own interface."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ..firewall import INNERS
from ..forwarder.port import bind_socket, spare_socket
from . import rtnetlink
from .interface import Address, Interface, NoInterface, Route
from .rtnetlink import LOCAL_TABLE, Device, NetlinkError, RouteSocket

_IPV6_MTU = 1280
_HOST_TABLE = 65311
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
    with RouteSocket() as kernel:
        return [_read(kernel, device) for device in kernel.devices() if not _is_ours(device)]


def take_over(own: Interface, wire: Wire, pins: Mapping[str, str], ipv6_only: bool = False) -> None:
    """Move addresses, MAC and routes of `own` to the inner end of the wire; needs NET_ADMIN.

    With `ipv6_only` the application gets no IPv4, but can still answer the host and other allowed peers. `pins` are
    known MACs (see `pin`).

    The order matters. The original interface loses its addresses and goes silent before the inner end gets them, so
    that no address exists twice. The sockets are bound before the inner end goes up; otherwise the first packet would
    wait a second for a lost ARP reply.
    """
    with RouteSocket() as kernel:
        if not _exists(wire.inner):
            kernel.add_veth(wire.inner, wire.outer)
        inner, outer = socket.if_nametoindex(wire.inner), socket.if_nametoindex(wire.outer)
        for index in (inner, outer):
            # An overlay network's interface has a lower MTU than a veth pair, and the application must not exceed it.
            kernel.set_mtu(index, own.mtu)
        # IPv6 routes would outlive their addresses and conflict with ours.
        for route in kernel.routes(own.index):
            kernel.route("delete", own.index, route)
        _forget_ipv6(kernel, own)
        # Overlay networks deliver only to the original MAC, so the application's end must have it, and no other.
        kernel.set_mac(own.index, _random_mac())
        kernel.set_mac(inner, own.mac)
        _generate_no_address(kernel, inner)
        for index in (own.index, outer):
            _silence(kernel, index)
        for address in kernel.addresses(own.index):
            kernel.delete_address(own.index, address)
        bind_socket(wire.outside, own.index)
        bind_socket(wire.inside, outer)
        kernel.set_up(outer)
        kernel.set_up(inner)
        pin_hosts(kernel, inner, pins)
        hidden = socket.AF_INET if ipv6_only else None
        for address in (*own.addresses, *own.link_local):
            if address.family != hidden:
                kernel.add_address(inner, address)
        for route in sorted(own.routes, key=_by_gateway):
            if route.family != hidden:
                kernel.route("add", inner, route)
        if hidden:
            _answer_only(kernel, inner, own)
        _attract_multicast(kernel, inner)


def let_go(wire: Wire, ipv6_only: bool = False) -> None:
    """Remove everything from the inner end, so that Docker can give the same addresses to another interface.

    Docker may do so at any moment, so the link goes down first: that removes the routes Docker would collide with.
    """
    inner = socket.if_nametoindex(wire.inner)
    with RouteSocket() as kernel:
        kernel.set_up(inner, False)
        for address in addresses_of(kernel, inner):
            kernel.delete_address(inner, address)
        if ipv6_only:
            for source in kernel.sources(_HOST_TABLE):
                kernel.rule("delete", source, _HOST_TABLE)


def pin(interface: str, macs: Mapping[str, str]) -> None:
    """Pin IPv4 addresses to MACs on an interface as permanent neighbours, which ARP cannot change."""
    with RouteSocket() as kernel:
        pin_hosts(kernel, socket.if_nametoindex(interface), macs)


def lead(own: Interface, wire: Wire, ipv6_only: bool = False) -> None:
    """Add the routes of `own` that the inner end lacks."""
    hidden = socket.AF_INET if ipv6_only else None
    inner = socket.if_nametoindex(wire.inner)
    with RouteSocket() as kernel:
        present = set(kernel.routes(inner))
        for route in sorted(set(own.routes) - present, key=_by_gateway):
            if route.family != hidden:
                kernel.route("replace", inner, route)


def forward_between(lan: Interface, wire: Wire, behind: Iterable[Route]) -> None:
    """Route between a router's lan and the inner end, and to what is `behind` other routers in the lan.

    A container starts without forwarding, so that nothing passes before the firewall is up; /proc/sys is read-only.
    """
    with RouteSocket() as kernel:
        for route in behind:
            kernel.route("replace", lan.index, route)
        for index in (lan.index, socket.if_nametoindex(wire.inner)):
            kernel.forward(index)


def lead_nowhere(other: Interface) -> None:
    """Remove an unconditioned interface's default routes: the firewall would drop what is sent there."""
    with RouteSocket() as kernel:
        for route in kernel.routes(other.index):
            if route.destination is None:
                kernel.route("delete", other.index, route)


def answer_through(other: Interface) -> None:
    """Send whatever has an IPv4 address of `other` as its source back through it, although it has no default route."""
    with RouteSocket() as kernel:
        for address in other.addresses:
            if address.family == socket.AF_INET:
                kernel.rule("add", address.host, _HOST_TABLE)
                on_link = Route(socket.AF_INET, str(address.network), None, None)
                kernel.route("replace", other.index, on_link, _HOST_TABLE, rtnetlink.SCOPE_LINK)
        for route in other.routes:
            if route.family == socket.AF_INET:
                kernel.route("replace", other.index, route, _HOST_TABLE)


def open_events() -> socket.socket:
    """A socket that is readable whenever an interface, address or route is added or removed; needs no capability."""
    events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
    events.bind((0, _EVENT_GROUPS))
    return events


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Convert netlink errors to NoInterface with the fix in the message."""
    try:
        yield
    except NetlinkError as error:
        raise NoInterface(f"cannot take over the interface: {error.strerror} (needs cap_add: NET_ADMIN)") from error


def _exists(name: str) -> bool:
    with suppress(OSError):
        return bool(socket.if_nametoindex(name))
    return False


def _is_ours(device: Device) -> bool:
    return device.name == "lo" or device.name.removesuffix("-out") in INNERS


def _read(kernel: RouteSocket, device: Device) -> Interface:
    addresses, routes = addresses_of(kernel, device.index), kernel.routes(device.index)
    return Interface(device.index, device.name, device.mac, device.mtu, tuple(addresses), tuple(routes))


def pin_hosts(kernel: RouteSocket, index: int, macs: Mapping[str, str]) -> None:
    """Like `pin`, for the interface with this index."""
    for host, mac in macs.items():
        kernel.pin(index, host, mac)


def _by_gateway(route: Route) -> bool:
    """Sort key: on-link routes first, so that a gateway is reachable once its route is added."""
    return route.gateway is not None


def addresses_of(kernel: RouteSocket, index: int) -> list[Address]:
    """All addresses except link-local IPv6, which derives from the MAC."""
    found = kernel.addresses(index)
    return [one for one in found if not (one.family == socket.AF_INET6 and one.network.is_link_local)]


def _forget_ipv6(kernel: RouteSocket, own: Interface) -> None:
    """Reset IPv6 on the interface to the container's defaults, such as ignoring router advertisements.

    The defaults apply only to interfaces created after them, and /proc/sys is read-only. But an MTU below 1280 shuts
    IPv6 down, and raising it starts IPv6 with the defaults.
    """
    if own.mtu >= _IPV6_MTU:
        for mtu in (_IPV6_MTU - 1, own.mtu):
            kernel.set_mtu(own.index, mtu)


def _silence(kernel: RouteSocket, index: int) -> None:
    """Stop the kernel from sending anything itself: no ARP, no IPv6 solicitations."""
    kernel.set_flag(index, rtnetlink.NOARP)
    _generate_no_address(kernel, index)


def _generate_no_address(kernel: RouteSocket, index: int) -> None:
    with suppress(NetlinkError):  # a kernel without IPv6 rejects the attribute, and generates no address
        kernel.generate_no_address(index)


def _answer_only(kernel: RouteSocket, index: int, own: Interface) -> None:
    """Accept packets to the IPv4 addresses without assigning them; only answers have a route out.

    No interface shows these addresses. A socket without a source address finds no route and fails immediately; an
    accepted connection has a source, and a rule sends it to a routing table of its own.
    """
    for address in own.addresses:
        if address.family == socket.AF_INET:
            local = LOCAL_TABLE, rtnetlink.SCOPE_HOST, rtnetlink.LOCAL
            kernel.route("replace", index, _to_host(address.host), *local)
            kernel.rule("add", address.host, _HOST_TABLE)
    for route in own.routes:
        if route.family == socket.AF_INET and route.gateway:
            kernel.route("replace", index, _to_host(route.gateway), _HOST_TABLE, rtnetlink.SCOPE_LINK)
            kernel.route("replace", index, route, _HOST_TABLE)


def _to_host(host: str) -> Route:
    return Route(socket.AF_INET, f"{host}/32", None, None)


def _attract_multicast(kernel: RouteSocket, index: int) -> None:
    """Route IPv6 multicast that names no interface through this one.

    Every interface has such a route with metric 256, and the oldest would win: the container's own.
    """
    route = Route(socket.AF_INET6, "ff00::/8", None, 1)
    with suppress(NetlinkError):  # a kernel without IPv6 needs no route
        kernel.route("add", index, route, LOCAL_TABLE, kind=rtnetlink.MULTICAST)


def _random_mac() -> str:
    """A locally administered unicast address."""
    octets = [0x02, *(random.SystemRandom().randrange(256) for _ in range(5))]
    return ":".join(f"{octet:02x}" for octet in octets)

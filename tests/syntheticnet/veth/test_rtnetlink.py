"""The routing socket, in a namespace of its own: what it writes and reads, beside pyroute2."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pyroute2 import IPRoute

from syntheticnet.supervisor import rtnetlink
from syntheticnet.supervisor.interface import Address, Route
from syntheticnet.supervisor.rtnetlink import Device, NetlinkError, RouteSocket

from .world import World

pytestmark = [pytest.mark.veth, pytest.mark.issue(13)]

V4, V6 = socket.AF_INET, socket.AF_INET6
MAC, PEER = "02:00:00:00:00:01", "02:00:00:00:00:02"
ADDRESSES = [Address(V4, "10.5.0.2", 16), Address(V6, "fd05::2", 64)]
ROUTES = [
    Route(V4, "10.6.0.0/24", None, None),
    Route(V4, None, "10.5.0.1", 7),
    Route(V6, "fd06::/64", "fd05::1", 1024),
    Route(V6, None, "fd05::1", 9),
]
TABLE = 65311


@pytest.fixture
def sockets(fresh: World) -> Iterator[tuple[RouteSocket, Any]]:
    """A client's namespace with both libraries."""
    with fresh.inside("client"), RouteSocket() as kernel, IPRoute() as other:
        yield kernel, other


def made(kernel: RouteSocket) -> int:
    """A pair of interfaces that is up, with addresses; returns the index of the first."""
    kernel.add_veth("pair", "pair-out")
    index, peer = socket.if_nametoindex("pair"), socket.if_nametoindex("pair-out")
    kernel.set_mac(index, MAC)
    kernel.set_mac(peer, PEER)
    kernel.set_mtu(index, 1400)
    kernel.generate_no_address(index)
    for one in (peer, index):
        kernel.set_up(one)
    for address in ADDRESSES:
        kernel.add_address(index, address)
    return index


def test_interfaces(sockets: tuple[RouteSocket, Any]) -> None:
    """Name, MAC, MTU, state, flags and addresses are as pyroute2 reads them."""
    kernel, other = sockets
    index = made(kernel)
    kernel.set_flag(index, rtnetlink.NOARP)
    (link,) = other.get_links(index)
    assert link.get_attr("IFLA_LINKINFO").get_attr("IFLA_INFO_KIND") == "veth"
    assert link["flags"] & (rtnetlink.NOARP | 1) == rtnetlink.NOARP | 1
    read = {
        Device(one["index"], one.get_attr("IFLA_IFNAME"), one.get_attr("IFLA_ADDRESS"), one.get_attr("IFLA_MTU"))
        for one in other.get_links()
    }
    assert set(kernel.devices()) == read
    assert Device(index, "pair", MAC, 1400) in read
    there = {(one["family"], one.get_attr("IFA_ADDRESS"), one["prefixlen"]) for one in other.get_addr(index=index)}
    assert there == {(one.family, one.host, one.prefix) for one in ADDRESSES}
    assert sorted(kernel.addresses(index), key=str) == sorted(ADDRESSES, key=str)
    kernel.set_up(index, False)
    assert not other.get_links(index)[0]["flags"] & 1


def test_addresses_that_are_gone(sockets: tuple[RouteSocket, Any]) -> None:
    """Deleting all addresses works, although the kernel deletes the second of an IPv4 network with the first."""
    kernel, other = sockets
    index = made(kernel)
    kernel.add_address(index, Address(V4, "10.5.0.3", 16))
    for address in kernel.addresses(index):
        kernel.delete_address(index, address)
    assert not list(other.get_addr(index=index))


def test_routes(sockets: tuple[RouteSocket, Any]) -> None:
    """Destination, gateway and metric are as pyroute2 reads them; connected routes are not among them."""
    kernel, other = sockets
    index = made(kernel)
    for route in ROUTES:
        kernel.route("add", index, route)
    assert set(kernel.routes(index)) == set(ROUTES)
    assert set(of_pyroute2(other, index)) == set(ROUTES)
    with pytest.raises(NetlinkError, match="File exists"):
        kernel.route("add", index, ROUTES[1])
    kernel.route("replace", index, ROUTES[1])
    for route in ROUTES:
        kernel.route("delete", index, route)
    assert kernel.routes(index) == []
    assert list(of_pyroute2(other, index)) == []


def of_pyroute2(other: Any, index: int) -> Iterator[Route]:
    for family in (V4, V6):
        for one in other.get_routes(family=family, table=254):
            if one.get_attr("RTA_OIF") == index and one["proto"] != 2:
                host, gateway = one.get_attr("RTA_DST"), one.get_attr("RTA_GATEWAY")
                yield Route(family, f"{host}/{one['dst_len']}" if host else None, gateway, one.get_attr("RTA_PRIORITY"))


def test_other_tables(sockets: tuple[RouteSocket, Any]) -> None:
    """Routes of other tables have their scope and type, and rules lead there; the main table has none of them."""
    kernel, other = sockets
    index = made(kernel)
    kernel.route("replace", index, Route(V4, "10.5.0.1/32", None, None), TABLE, rtnetlink.SCOPE_LINK)
    local = Route(V4, "10.9.9.9/32", None, None)
    kernel.route("replace", index, local, rtnetlink.LOCAL_TABLE, rtnetlink.SCOPE_HOST, rtnetlink.LOCAL)
    several = Route(V6, "ff00::/8", None, 1)
    kernel.route("add", index, several, rtnetlink.LOCAL_TABLE, kind=rtnetlink.MULTICAST)
    assert kernel.routes(index) == []
    (on_link,) = other.get_routes(family=V4, table=TABLE)
    assert (on_link.get_attr("RTA_DST"), on_link["scope"], on_link["type"]) == ("10.5.0.1", 253, 1)
    locals_ = {one.get_attr("RTA_DST"): one["type"] for one in other.get_routes(family=V4, table=255)}
    assert locals_["10.9.9.9"] == 2
    found = [one for one in other.get_routes(family=V6, table=255) if one["dst_len"] == 8]
    assert (1, 5) in {(one.get_attr("RTA_PRIORITY"), one["type"]) for one in found}
    for source in ("10.5.0.2", "10.5.0.3"):
        kernel.rule("add", source, TABLE)
    assert kernel.sources(TABLE) == ["10.5.0.2", "10.5.0.3"]
    rules = [one for one in other.get_rules(family=V4) if one.get_attr("FRA_TABLE") == TABLE]
    assert [(one.get_attr("FRA_SRC"), one["src_len"]) for one in rules] == [("10.5.0.2", 32), ("10.5.0.3", 32)]
    kernel.rule("delete", "10.5.0.2", TABLE)
    assert kernel.sources(TABLE) == ["10.5.0.3"]


def test_pinned_neighbours(sockets: tuple[RouteSocket, Any]) -> None:
    """A pinned neighbour is permanent, and can be pinned to another MAC."""
    kernel, other = sockets
    index = made(kernel)
    for mac in (MAC, PEER):
        kernel.pin(index, "10.5.0.1", mac)
    (one,) = (row for row in other.get_neighbours(ifindex=index) if row.get_attr("NDA_DST") == "10.5.0.1")
    assert (one.get_attr("NDA_LLADDR"), one["state"]) == (PEER, 0x80)


def test_many(sockets: tuple[RouteSocket, Any]) -> None:
    """A list longer than one datagram is read to its end."""
    kernel, other = sockets
    index = made(kernel)
    for number in range(1000):
        other.route("add", dst=f"10.{64 + number // 256}.{number % 256}.0/24", oif=index)
    assert len(kernel.routes(index)) == 1000


def test_refusals(sockets: tuple[RouteSocket, Any]) -> None:
    """What the kernel refuses is an error with its words, and the socket goes on working."""
    kernel, _ = sockets
    with pytest.raises(NetlinkError, match="No such device"):
        kernel.set_mtu(99999, 1400)
    with pytest.raises(NetlinkError, match=r"Network is unreachable|Invalid argument"):
        kernel.route("add", made(kernel), Route(V4, None, "10.77.0.1", None))
    assert {"pair", "pair-out"} <= {link.name for link in kernel.devices()}

"""The kernel's routing socket: interfaces, addresses, routes, rules and neighbours (rtnetlink(7), `linux/rtnetlink.h`).

Every container of a lab starts this code, most of them at the same time. Importing pyroute2, which offers the same and
far more, took more CPU time than the rest of a container's start. The tests compare with pyroute2 what this reads and
writes.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from errno import EADDRNOTAVAIL, EINTR
from struct import Struct
from typing import Literal, Self

from .interface import Address, Route

MAIN_TABLE, LOCAL_TABLE = 254, 255
SCOPE_ANYWHERE, SCOPE_LINK, SCOPE_HOST = 0, 253, 254
UNICAST, LOCAL, MULTICAST, BLACKHOLE = 1, 2, 5, 6
NOARP = 0x80

Edit = Literal["add", "replace", "delete"]

_ERROR, _DONE = 2, 3
_NEW_LINK, _GET_LINK = 16, 18
_NEW_ADDRESS, _DELETE_ADDRESS, _GET_ADDRESS = 20, 21, 22
_NEW_ROUTE, _DELETE_ROUTE, _GET_ROUTE = 24, 25, 26
_NEW_NEIGHBOUR = 28
_NEW_RULE, _DELETE_RULE, _GET_RULE = 32, 33, 34

_REQUEST, _ACKNOWLEDGE, _DUMP, _INTERRUPTED = 0x1, 0x4, 0x300, 0x10
_REPLACE, _EXCLUSIVE, _CREATE = 0x100, 0x200, 0x400
_FLAGS = {"add": _CREATE | _EXCLUSIVE, "replace": _CREATE | _REPLACE, "delete": 0}

_HEADER = Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence number, port
_ATTRIBUTE = Struct("=HH")  # rtattr: length, type
_LINK = Struct("=BxHiII")  # ifinfomsg: family, type, index, flags, changed flags
_ADDRESS = Struct("=BBBBI")  # ifaddrmsg: family, prefix, flags, scope, index
_ROUTE = Struct("=BBBBBBBBI")  # rtmsg and fib_rule_hdr: family, prefixes, tos, table, protocol, scope, type, flags
_NEIGHBOUR = Struct("=BxxxiHBB")  # ndmsg: family, index, state, flags, type
_WORD = Struct("=I")

_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_LINKINFO, _IFLA_AF_SPEC = 1, 3, 4, 18, 26
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_INET6_ADDR_GEN_MODE, _ADDR_GEN_NONE = 8, b"\1"
_IFLA_INET_CONF, _DEVCONF_FORWARDING, _DEVCONF_RP_FILTER = 1, 1, 8
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_TABLE = 1, 4, 5, 6, 15
_FRA_SRC, _FRA_PRIORITY, _FRA_TABLE = 2, 6, 15
_NDA_DST, _NDA_LLADDR = 1, 2

_IFF_UP = 0x1
_NODAD = 0x02
_PERMANENT = 0x80
_SCOPE_NOWHERE = 255
_PROTO_KERNEL, _PROTO_STATIC = 2, 4
_TO_TABLE = 1
_RULE_PRIORITY = 32000
_ATTEMPTS = 5
_RECEIVE_BYTES = 1 << 17


class NetlinkError(OSError):
    """The kernel refused a request, or answered incompletely."""


@dataclass(frozen=True)
class Device:
    """One interface. `mac` is empty if it has none."""

    index: int
    name: str
    mac: str
    mtu: int


class RouteSocket:
    """A connection to the kernel. Reading needs no capability, changes need NET_ADMIN; each raises NetlinkError."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.bind((0, 0))
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def devices(self) -> list[Device]:
        """All interfaces."""
        return [_read_device(row) for row in self._dump(_GET_LINK, _LINK.pack(0, 0, 0, 0, 0))]

    def addresses(self, index: int) -> list[Address]:
        """All addresses of an interface, link-local ones included."""
        found = []
        for row in self._dump(_GET_ADDRESS, _ADDRESS.pack(0, 0, 0, 0, 0)):
            family, prefix, _, _, owner = _ADDRESS.unpack_from(row)
            if owner == index:
                host = dict(_attributes(row[_ADDRESS.size :]))[_IFA_ADDRESS]
                found.append(Address(family, socket.inet_ntop(family, host), prefix))
        return found

    def routes(self, index: int) -> list[Route]:
        """The routes of an interface in the main table; connected ones come with the addresses and are left out."""
        rows = [
            row
            for family in (socket.AF_INET, socket.AF_INET6)
            for row in self._dump(_GET_ROUTE, _ROUTE.pack(family, 0, 0, 0, 0, 0, 0, 0, 0))
        ]
        return [route for row in rows if (route := _read_route(row, index))]

    def sources(self, table: int) -> list[str]:
        """The IPv4 source addresses whose rules lead to a table."""
        found = []
        for row in self._dump(_GET_RULE, _ROUTE.pack(socket.AF_INET, 0, 0, 0, 0, 0, 0, 0, 0)):
            given = dict(_attributes(row[_ROUTE.size :]))
            if _FRA_SRC in given and _WORD.unpack(given[_FRA_TABLE])[0] == table:
                found.append(socket.inet_ntoa(given[_FRA_SRC]))
        return found

    def add_veth(self, name: str, peer: str) -> None:
        """Create a pair of interfaces."""
        other = _LINK.pack(0, 0, 0, 0, 0) + _attribute(_IFLA_IFNAME, _text(peer))
        info = _attribute(_INFO_KIND, b"veth") + _attribute(_INFO_DATA, _attribute(_VETH_PEER, other))
        given = _attribute(_IFLA_IFNAME, _text(name)) + _attribute(_IFLA_LINKINFO, info)
        self._change(_NEW_LINK, _FLAGS["add"], _LINK.pack(0, 0, 0, 0, 0) + given)

    def set_up(self, index: int, up: bool = True) -> None:
        self._set_link(index, b"", _IFF_UP if up else 0, _IFF_UP)

    def set_flag(self, index: int, flag: int) -> None:
        self._set_link(index, b"", flag, flag)

    def set_mtu(self, index: int, mtu: int) -> None:
        self._set_link(index, _attribute(_IFLA_MTU, _WORD.pack(mtu)))

    def set_mac(self, index: int, mac: str) -> None:
        self._set_link(index, _attribute(_IFLA_ADDRESS, _octets(mac)))

    def generate_no_address(self, index: int) -> None:
        """Let the kernel give it no link-local address; fails if the kernel has no IPv6."""
        mode = _attribute(_INET6_ADDR_GEN_MODE, _ADDR_GEN_NONE)
        self._set_link(index, _attribute(_IFLA_AF_SPEC, _attribute(socket.AF_INET6, mode)))

    def forward(self, index: int) -> None:
        """Let the kernel forward IPv4 packets that arrive here, as the sysctl `conf/NAME/forwarding` would."""
        self._set_ipv4(index, _DEVCONF_FORWARDING)

    def filter_sources(self, index: int) -> None:
        """Drop IPv4 packets whose answers would not leave here (RFC 3704), as the sysctl `conf/NAME/rp_filter`."""
        self._set_ipv4(index, _DEVCONF_RP_FILTER)

    def add_address(self, index: int, address: Address) -> None:
        """Add an address; an IPv6 address is usable at once."""
        flags = _NODAD if address.family == socket.AF_INET6 else 0
        self._change(_NEW_ADDRESS, _FLAGS["add"], _written_address(index, address, flags))

    def delete_address(self, index: int, address: Address) -> None:
        """Remove an address, unless it is gone already: an IPv4 network's first address takes the others with it."""
        try:
            self._change(_DELETE_ADDRESS, 0, _written_address(index, address))
        except NetlinkError as error:
            if error.errno != EADDRNOTAVAIL:
                raise

    def route(
        self,
        change: Edit,
        index: int,
        route: Route,
        table: int = MAIN_TABLE,
        scope: int = SCOPE_ANYWHERE,
        kind: int = UNICAST,
    ) -> None:
        """Add, replace or delete a route of an interface."""
        deleted = change == "delete"
        protocol, scope, kind = (0, _SCOPE_NOWHERE, 0) if deleted else (_PROTO_STATIC, scope, kind)
        host, _, prefix = (route.destination or "/0").partition("/")
        given = _attribute(_RTA_TABLE, _WORD.pack(table)) + _attribute(_RTA_OIF, _WORD.pack(index))
        if host:
            given += _attribute(_RTA_DST, socket.inet_pton(route.family, host))
        if route.gateway:
            given += _attribute(_RTA_GATEWAY, socket.inet_pton(route.family, route.gateway))
        if route.metric is not None:
            given += _attribute(_RTA_PRIORITY, _WORD.pack(route.metric))
        body = _ROUTE.pack(route.family, int(prefix), 0, 0, 0, protocol, scope, kind, 0)
        self._change(_DELETE_ROUTE if deleted else _NEW_ROUTE, _FLAGS[change], body + given)

    def refuse_rest(self, table: int) -> None:
        """Let an IPv4 table end here: what it has no route for is refused, and no later table is asked."""
        given = _attribute(_RTA_TABLE, _WORD.pack(table))
        body = _ROUTE.pack(socket.AF_INET, 0, 0, 0, 0, _PROTO_STATIC, SCOPE_ANYWHERE, BLACKHOLE, 0)
        self._change(_NEW_ROUTE, _FLAGS["replace"], body + given)

    def rule(self, change: Literal["add", "delete"], source: str, table: int) -> None:
        """Add or delete the rule that sends packets from an IPv4 address to a table."""
        given = _attribute(_FRA_SRC, socket.inet_aton(source)) + _attribute(_FRA_TABLE, _WORD.pack(table))
        given += _attribute(_FRA_PRIORITY, _WORD.pack(_RULE_PRIORITY))
        body = _ROUTE.pack(socket.AF_INET, 0, 32, 0, 0, 0, 0, _TO_TABLE, 0)
        self._change(_DELETE_RULE if change == "delete" else _NEW_RULE, _FLAGS[change], body + given)

    def pin(self, index: int, host: str, mac: str) -> None:
        """Map an IPv4 address to a MAC, in a way that ARP cannot change."""
        given = _attribute(_NDA_DST, socket.inet_aton(host)) + _attribute(_NDA_LLADDR, _octets(mac))
        body = _NEIGHBOUR.pack(socket.AF_INET, index, _PERMANENT, 0, 0)
        self._change(_NEW_NEIGHBOUR, _FLAGS["replace"], body + given)

    def _set_ipv4(self, index: int, setting: int) -> None:
        """Switch on a setting of an interface that has a sysctl, too."""
        switched = _attribute(_IFLA_INET_CONF, _attribute(setting, _WORD.pack(1)))
        self._set_link(index, _attribute(_IFLA_AF_SPEC, _attribute(socket.AF_INET, switched)))

    def _set_link(self, index: int, given: bytes, flags: int = 0, changed: int = 0) -> None:
        self._change(_NEW_LINK, 0, _LINK.pack(0, 0, index, flags, changed) + given)

    def _change(self, kind: int, flags: int, body: bytes) -> None:
        self._ask(kind, flags | _ACKNOWLEDGE, body)

    def _dump(self, kind: int, body: bytes) -> list[bytes]:
        """All entries, read again if they changed meanwhile."""
        for _ in range(_ATTEMPTS):
            rows, complete = self._ask(kind, _DUMP, body)
            if complete:
                return rows
        raise NetlinkError(EINTR, "the kernel's tables keep changing")

    def _ask(self, kind: int, flags: int, body: bytes) -> tuple[list[bytes], bool]:
        """The bodies of the answers, and whether nothing changed while they were written."""
        self._number += 1
        length = _HEADER.size + len(body)
        self._socket.send(_HEADER.pack(length, kind, flags | _REQUEST, self._number, 0) + body)
        rows: list[bytes] = []
        complete = True
        while True:
            for answered, flags, number, row in _messages(self._socket.recv(_RECEIVE_BYTES)):
                if number != self._number:
                    continue
                complete = complete and not flags & _INTERRUPTED
                if answered in (_ERROR, _DONE):
                    _check(row)
                    return rows, complete
                rows.append(row)


def _messages(received: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Type, flags, sequence number and body of each message."""
    while received:
        length, kind, flags, number, _ = _HEADER.unpack_from(received)
        yield kind, flags, number, received[_HEADER.size : length]
        received = received[_aligned(length) :]


def _check(row: bytes) -> None:
    """Raise the error that an answer contains."""
    code = -int.from_bytes(row[:4], sys.byteorder, signed=True)
    if code:
        raise NetlinkError(code, os.strerror(code))


def _attribute(kind: int, value: bytes) -> bytes:
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + bytes(_aligned(length) - length)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        length, kind = _ATTRIBUTE.unpack_from(data)
        yield kind, data[_ATTRIBUTE.size : length]
        data = data[_aligned(length) :]


def _aligned(length: int) -> int:
    return (length + 3) & ~3


def _read_device(row: bytes) -> Device:
    given = dict(_attributes(row[_LINK.size :]))
    name = given[_IFLA_IFNAME].rstrip(b"\0").decode()
    mac = given.get(_IFLA_ADDRESS, b"").hex(":")
    return Device(_LINK.unpack_from(row)[2], name, mac, _WORD.unpack(given[_IFLA_MTU])[0])


def _read_route(row: bytes, index: int) -> Route | None:
    """A route; None for one of another interface, of another table, or of the kernel's own."""
    family, prefix, _, _, table, protocol, *_ = _ROUTE.unpack_from(row)
    given = dict(_attributes(row[_ROUTE.size :]))
    if given.get(_RTA_OIF) != _WORD.pack(index) or table != MAIN_TABLE or protocol == _PROTO_KERNEL:
        return None
    destination, gateway, metric = (given.get(kind) for kind in (_RTA_DST, _RTA_GATEWAY, _RTA_PRIORITY))
    return Route(
        family=family,
        destination=f"{socket.inet_ntop(family, destination)}/{prefix}" if destination else None,
        gateway=socket.inet_ntop(family, gateway) if gateway else None,
        metric=_WORD.unpack(metric)[0] if metric else None,
    )


def _written_address(index: int, address: Address, flags: int = 0) -> bytes:
    host = socket.inet_pton(address.family, address.host)
    given = _attribute(_IFA_LOCAL, host) + _attribute(_IFA_ADDRESS, host)
    return _ADDRESS.pack(address.family, address.prefix, flags, 0, index) + given


def _text(name: str) -> bytes:
    return name.encode() + b"\0"


def _octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))

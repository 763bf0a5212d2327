"""Which flow a packet belongs to: one dictionary look-up for a packet of a known conversation, a walk for a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Literal

from .conditions import Flow, FlowMatch
from .frame import Header, parse
from .packet import ETHERTYPE, IP, Talk
from .stage import DEFAULT

Address = IPv4Address | IPv6Address
Direction = Literal["ingress", "egress"]

TCP = 6
MOST_TALKS = 65536

_PLAIN_IPV4 = b"\x08\x00\x45"  # IPv4 without options
_PORTS_END = IP + 24


_EXEMPT = Talk("exempt", DEFAULT)


@dataclass(frozen=True, slots=True)
class Control:
    """Who may steer this client: TCP between the `hosts` and the `ports` here is never conditioned.

    From everyone else the ports are closed.
    """

    hosts: frozenset[bytes] = frozenset()
    ports: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class FlowTable:
    """The flows of one direction, in order. `names` gives the addresses of the flows that name a host."""

    direction: Direction
    flows: Sequence[Flow] = ()
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    control: Control = Control()

    def talk(self, header: Header | None) -> Talk:
        """How a packet with this header is treated; the first flow that matches wins."""
        if header is None:
            return _EXEMPT
        outward = self.direction == "egress"
        remote, remote_port, local_port = (
            (header.destination, header.destination_port, header.source_port)
            if outward
            else (header.source, header.source_port, header.destination_port)
        )
        if header.protocol == TCP and local_port in self.control.ports:
            return Talk("exempt" if remote in self.control.hosts else "closed", DEFAULT)
        flow = self._match(ip_address(remote), header.protocol, remote_port)
        return Talk("link", flow, _id(remote, header.protocol, remote_port))

    def _match(self, remote: Address, protocol: int, port: int | None) -> str:
        for flow in self.flows:
            if self._is_host(flow.match, remote) and _is_service(flow.match, protocol, port):
                return flow.name
        return DEFAULT

    def _is_host(self, match: FlowMatch, remote: Address) -> bool:
        if match.name is not None:
            return str(remote) in self.names.get(match.name, ())
        return match.network is None or remote in match.network


class Classifier:
    """Remembers the talk of each conversation; holds at most `MOST_TALKS`, and then starts anew (counted)."""

    def __init__(self, table: FlowTable, retire: Callable[[Talk], None] = lambda talk: None) -> None:
        """`retire` gets each talk that is forgotten."""
        self._table = table
        self._retire = retire
        self._plain: list[dict[bytes, Talk]] = [{} for _ in range(256)]
        self._other: dict[Header, Talk] = {}
        self._talks = 0
        self.evictions = 0

    def talk(self, buffer: bytes) -> Talk:
        """The conversation that the packet in `buffer` belongs to."""
        plain = len(buffer) >= _PORTS_END and buffer[ETHERTYPE : IP + 1] == _PLAIN_IPV4
        if not plain or buffer[IP + 6] & 0x3F or buffer[IP + 7]:
            return self._unusual(buffer)
        known = self._plain[buffer[IP + 9]]
        key = buffer[IP + 12 : _PORTS_END]  # both addresses, then both ports where the protocol has them
        talk = known.get(key)
        if talk is None:
            header = parse(buffer)
            if header is None:
                return _EXEMPT
            if header.source_port is None:
                return self._remembered(header)
            talk = known[key] = self._new(header)
        return talk

    def adopt(self, table: FlowTable) -> None:
        """Use another table from now on."""
        self._table = table
        self._forget()

    def talks(self) -> list[Talk]:
        return [talk for known in self._known() for talk in known.values()]

    def _unusual(self, buffer: bytes) -> Talk:
        header = parse(buffer)
        return _EXEMPT if header is None else self._remembered(header)

    def _remembered(self, header: Header) -> Talk:
        return self._other.get(header) or self._other.setdefault(header, self._new(header))

    def _new(self, header: Header) -> Talk:
        if self._talks >= MOST_TALKS:
            self._forget()
            self.evictions += 1
        self._talks += 1
        return self._table.talk(header)

    def _known(self) -> list[dict[Any, Talk]]:
        return [*self._plain, self._other]

    def _forget(self) -> None:
        for talk in self.talks():
            self._retire(talk)
        for known in self._known():
            known.clear()
        self._talks = 0


def _is_service(match: FlowMatch, protocol: int, port: int | None) -> bool:
    if match.protocol not in (None, protocol):
        return False
    whole = match.port_min == 0 and match.port_max == 65535
    return whole or (port is not None and match.port_min <= port <= match.port_max)


def _id(remote: bytes, protocol: int, port: int | None) -> int:
    """The id of `/top`: IPv4 address with its first octet lowest, protocol << 32, port << 48; 0 for IPv6."""
    if len(remote) != 4:
        return 0
    return int.from_bytes(remote, "little") | protocol << 32 | (port or 0) << 48

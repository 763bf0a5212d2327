"""Maps packets to flows: one dictionary look-up for a known conversation, a full header parse for a new one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from itertools import chain
from operator import itemgetter
from struct import Struct
from struct import error as StructError
from typing import Any, Literal

from ..conditions import Flow, FlowMatch
from ..conditions.flow import MediaKind
from ..packets.headers import TCP, UDP, Header, parse
from ..packets.media import NONE, MediaHeader, media_of
from ..packets.packet import ETHERTYPE, IP, Conversation, Packet, Remote
from .per_flow import DEFAULT

IPAddress = IPv4Address | IPv6Address
Direction = Literal["ingress", "egress"]

MOST_CONVERSATIONS = 65536
MOST_FRAGMENTED = 4096

# The fields that identify an ordinary packet's conversation: ethertype with the first IP byte, IPv4 flags and fragment
# offset, protocol, and as the key both addresses with the next 4 bytes, which are the ports.
_read_ipv4 = Struct(f"!{ETHERTYPE}x3s5xHxB2x12s").unpack_from
_read_ipv6 = Struct(f"!{IP + 6}xBx36s").unpack_from
_PLAIN_IPV4 = b"\x08\x00\x45"  # IPv4 without options
_SOME_IPV6 = frozenset(b"\x86\xdd" + bytes([first]) for first in range(0x60, 0x70))
_FRAGMENTED = 0x3FFF
_UDP_PAYLOAD_IPV4 = IP + 28
_UDP_PAYLOAD_IPV6 = IP + 48

_BYPASSED = Conversation("bypassed", DEFAULT)

RemoteKey = tuple[bytes | None, int | None]
"""A packed address and a port; None for several or any."""

Share = tuple[bytes, MediaKind | None, int | None, int | None]
"""A conversation's key and its media."""


@dataclass(frozen=True, slots=True)
class ControlAccess:
    """Who may control this client: TCP between `hosts` or `networks` and the local `ports` is never conditioned.

    The ports are closed to everyone else. With `ipv6_only` all other IPv4 is closed in both directions.
    """

    hosts: frozenset[bytes] = frozenset()
    ports: frozenset[int] = frozenset()
    networks: Sequence[IPv4Network | IPv6Network] = ()
    ipv6_only: bool = False

    def lets_in(self, remote: bytes) -> bool:
        return remote in self.hosts or any(ip_address(remote) in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class FlowTable:
    """The flows of one direction, in order. `names` maps the host names in flows to addresses."""

    direction: Direction
    flows: Sequence[Flow] = ()
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _shelves: dict[RemoteKey, list[tuple[int, Flow]]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for number, flow in enumerate(self.flows):
            for place in self._places(flow.match):
                self._shelves.setdefault(place, []).append((number, flow))

    def conversation(self, header: Header | None, control: ControlAccess) -> Conversation:
        """A new conversation for this header; the first matching flow wins."""
        # ARP and neighbour discovery: if they were conditioned, addresses could not be resolved.
        if header is None:
            return _BYPASSED
        remote, remote_port, local_port = self._ends(header)
        if header.protocol == TCP and local_port in control.ports:
            return Conversation("control" if control.lets_in(remote) else "closed", DEFAULT)
        if control.ipv6_only and len(remote) == 4:
            return Conversation("closed", DEFAULT)
        fitting = (flow.name for flow in self._candidates(header) if _is_media(flow.match, header.media))
        end = Remote(remote, header.protocol, remote_port)
        return Conversation("link", next(fitting, DEFAULT), _id(*end), end)

    def divides(self, header: Header) -> bool:
        """Whether the flow of this conversation's packets depends on their media."""
        first = next(self._candidates(header), None)
        return first is not None and first.match.media is not None and header.source_port is not None

    def _candidates(self, header: Header) -> Iterator[Flow]:
        """The flows that match the packet if its media is ignored, in order."""
        remote, port, _ = self._ends(header)
        host = ip_address(remote)
        places = {(remote, port), (remote, None), (None, port), (None, None)}
        found = [row for place in places for row in self._shelves.get(place, ())]
        found.sort(key=itemgetter(0))
        return (
            flow
            for _, flow in found
            if self._is_host(flow.match, host) and _is_service(flow.match, header.protocol, port)
        )

    def _places(self, match: FlowMatch) -> list[RemoteKey]:
        """The index keys of a flow: each of its addresses with its port; None for several or any."""
        host, port = match.place
        if isinstance(host, str):
            return [(ip_address(address).packed, port) for address in dict.fromkeys(self.names.get(host, ()))]
        return [(None if host is None else host.network_address.packed, port)]

    def _ends(self, header: Header) -> tuple[bytes, int | None, int | None]:
        """The remote address and port, and the local port."""
        if self.direction == "egress":
            return header.destination, header.destination_port, header.source_port
        return header.source, header.source_port, header.destination_port

    def _is_host(self, match: FlowMatch, remote: IPAddress) -> bool:
        if match.name is not None:
            return str(remote) in self.names.get(match.name, ())
        return match.network is None or remote in match.network


class Classifier:
    """Caches conversations; clears the cache when it reaches `MOST_CONVERSATIONS` (counted as evictions).

    If the media of a conversation belong to different flows, it has one entry for each kind the flows distinguish.
    Later fragments follow their first one while that is among the last `MOST_FRAGMENTED`; without it they are matched
    by the headers they have. There is no time limit: when an identification is reused, its new first fragment replaces
    the old. The media of a super-frame is that of its first segment.
    """

    def __init__(
        self,
        table: FlowTable,
        control: ControlAccess = ControlAccess(),
        retire: Callable[[list[Conversation]], None] = lambda conversations: None,
    ) -> None:
        """`retire` receives all evicted conversations in one call."""
        self._control, self._retire = control, retire
        self._ipv4, self._ipv6 = _tables(), _tables()
        self._divided: dict[Share, Conversation] = {}
        self._firsts: OrderedDict[bytes, Header] = OrderedDict()
        self._size = 0
        self._use(table)
        self.evictions = 0
        """Conversations evicted for lack of room."""
        self.fragment_evictions = 0
        """First fragments evicted for lack of room; most were no longer needed."""

    def conversation(self, buffer: bytes) -> Conversation:
        """The conversation of the packet in `buffer`."""
        # Let struct check the length: an exception for the rare short frame is cheaper than a test for each packet.
        try:
            kind, fragment, protocol, key = _read_ipv4(buffer)
            if kind == _PLAIN_IPV4 and not fragment & _FRAGMENTED:
                return self._ipv4[protocol].get(key) or self._missed(buffer, protocol, key, _UDP_PAYLOAD_IPV4)
            if kind in _SOME_IPV6:
                protocol, key = _read_ipv6(buffer)
                return self._ipv6[protocol].get(key) or self._missed(buffer, protocol, key, _UDP_PAYLOAD_IPV6)
        except StructError:
            pass  # too short to have ports
        return self._walked(buffer)

    def media(self, buffer: bytes) -> MediaHeader:
        """The media of a packet, that of its first fragment for later ones. Changes nothing, unlike `conversation`."""
        try:
            kind, fragment, protocol, _ = _read_ipv4(buffer)
            if kind == _PLAIN_IPV4 and not fragment & _FRAGMENTED:
                return media_of(buffer, _UDP_PAYLOAD_IPV4) if protocol == UDP else NONE
            if kind in _SOME_IPV6 and _read_ipv6(buffer)[0] == UDP:
                return media_of(buffer, _UDP_PAYLOAD_IPV6)
        except StructError:
            pass  # too short to have ports
        header = parse(buffer)
        if header is None:
            return NONE
        return self._firsts.get(header.fragment, header).media if header.later and header.fragment else header.media

    def flow_of(self, packet: Packet) -> str:
        """The flow of a held packet under the current table; updates the packet's conversation."""
        packet.conversation = self.conversation(packet.buffer)
        return packet.conversation.flow

    def adopt(self, table: FlowTable) -> list[Any]:
        """Switch to another table; returns the old data for the caller to free."""
        before = [self._table, self._ipv4, self._ipv6, self._divided]
        self._use(table)
        self._forget()
        return before

    def admit(self, control: ControlAccess) -> None:
        """Replace the access rules of the control ports, for all packets from now on."""
        self._control = control
        self._forget()

    def conversations(self) -> list[Conversation]:
        known: list[dict[Any, Conversation]] = [*self._ipv4, *self._ipv6, self._divided]
        return list(chain.from_iterable([list(conversations.values()) for conversations in known if conversations]))

    def _use(self, table: FlowTable) -> None:
        self._table = table
        matches = [flow.match for flow in table.flows]
        self._media_matter = any(match.media for match in matches)
        self._payload_types = frozenset(match.payload_type for match in matches)
        self._ssrcs = frozenset(match.ssrc for match in matches)

    def _missed(self, buffer: bytes, protocol: int, key: bytes, payload: int) -> Conversation:
        """The conversation of an ordinary packet that is not cached, or divided by media."""
        if protocol == UDP and self._divided:
            conversation = self._divided.get(self._share(key, media_of(buffer, payload)))
            if conversation is not None:
                return conversation
        return self._walked(buffer)

    def _walked(self, buffer: bytes) -> Conversation:
        """The conversation of any packet, by parsing all its headers."""
        header = parse(buffer)
        if header is None:
            return _BYPASSED
        if header.fragment is not None:
            header = self._first(header.fragment, header)
        known = (self._ipv4 if len(header.source) == 4 else self._ipv6)[header.protocol]
        key = _key(header)
        conversation = known.get(key)
        if conversation is None and header.protocol == UDP:
            conversation = self._divided.get(self._share(key, header.media))
        return conversation or self._remember(known, key, header)

    def _first(self, fragment: bytes, header: Header) -> Header:
        """The header of the packet's first fragment; the fragment's own if that is unknown."""
        if header.later:
            return self._firsts.get(fragment, header)
        self._firsts[fragment] = header
        self._firsts.move_to_end(fragment)
        if len(self._firsts) > MOST_FRAGMENTED:
            self._firsts.popitem(last=False)
            self.fragment_evictions += 1
        return header

    def _remember(self, known: dict[bytes, Conversation], key: bytes, header: Header) -> Conversation:
        if self._size >= MOST_CONVERSATIONS:
            self.evictions += self._size
            self._forget()
        self._size += 1
        conversation = self._table.conversation(header, self._control)
        if self._media_matter and self._table.divides(header):
            self._divided[self._share(key, header.media)] = conversation
        else:
            known[key] = conversation
        return conversation

    def _share(self, key: bytes, media: MediaHeader) -> Share:
        """The cache key of one media within a conversation, reduced to what the flows distinguish."""
        kind, payload_type, ssrc = media
        return (
            key,
            kind,
            payload_type if payload_type in self._payload_types else None,
            ssrc if ssrc in self._ssrcs else None,
        )

    def _forget(self) -> None:
        self._retire(self.conversations())
        self._ipv4, self._ipv6 = _tables(), _tables()
        self._divided = {}
        self._size = 0


def _tables() -> list[dict[bytes, Conversation]]:
    """Empty caches, indexed by protocol number."""
    return [{} for _ in range(256)]


def _key(header: Header) -> bytes:
    """The cache key within a protocol, with the same bytes as in an ordinary packet."""
    key = header.source + header.destination
    if header.source_port is None or header.destination_port is None:
        return key
    return key + header.source_port.to_bytes(2) + header.destination_port.to_bytes(2)


def _is_service(match: FlowMatch, protocol: int, port: int | None) -> bool:
    if match.protocol not in (None, protocol):
        return False
    any_port = match.port_min == 0 and match.port_max == 65535
    return any_port or (port is not None and match.port_min <= port <= match.port_max)


def _is_media(match: FlowMatch, media: MediaHeader) -> bool:
    kind, payload_type, ssrc = media
    return match.media in (None, kind) and match.payload_type in (None, payload_type) and match.ssrc in (None, ssrc)


def _id(remote: bytes, protocol: int, port: int | None) -> int:
    """The peer id of `/top`: IPv4 address (first octet lowest) | protocol << 32 | port << 48; 0 for IPv6."""
    if len(remote) != 4:
        return 0
    return int.from_bytes(remote, "little") | protocol << 32 | (port or 0) << 48

"""Flow expressions `host[:protocol[:port[-port]]][,pt=N][,ssrc=N]`; the host is the remote side."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal, get_args

from .errors import ConditionsError
from .flow_hints import hint
from .nearest import nearest

ALLOWED = (
    "host[:protocol[:port[-port]]][,pt=N][,ssrc=N], "
    "such as *:udp, 10.0.0.1:tcp:443, 10.0.0.0/8, [2001:db8::1]:udp, *:rtp,pt=96 or a name"
)
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58, "sctp": 132}
UDP = PROTOCOLS["udp"]
WITH_PORTS = frozenset({6, 17, 132})
MAX_PORT = 65535

MediaKind = Literal["stun", "dtls", "turn-channel", "rtp", "rtcp"]
"""The media in a UDP packet, detected from its first bytes (RFC 7983)."""
MEDIA: tuple[MediaKind, ...] = get_args(MediaKind)
_WORDS = (*PROTOCOLS, *MEDIA)
RTCP_TYPES = range(64, 96)
"""Payload types that RTP must not use, because they mean RTCP on the same port (RFC 5761)."""
MAX_PAYLOAD_TYPE = 127
MAX_SSRC = 2**32 - 1

_FORM = re.compile(
    r"(?P<host>\[[^\]]+\]|[^:,\[\]]+)(?::(?P<protocol>[^:,]+)(?::(?P<ports>[^:,]+))?)?(?P<marks>(?:,[^,]*)*)"
)
_MARKS: dict[str, tuple[MediaKind, ...]] = {"pt": ("rtp",), "ssrc": ("rtp", "rtcp")}
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")

IPNetwork = IPv4Network | IPv6Network
HostPort = tuple[IPNetwork | str | None, int | None]
"""One host and one port; None for several or any."""


@dataclass(frozen=True, slots=True)
class FlowMatch:
    """The packets of one flow. No `network` and no `name` means any host; `protocol` None means any.

    With `media` the protocol is UDP. `payload_type` is RTP's; `ssrc` is RTP's, or the sender's in RTCP.
    """

    network: IPNetwork | None = None
    name: str | None = None
    protocol: int | None = None
    port_min: int = 0
    port_max: int = MAX_PORT
    media: MediaKind | None = None
    payload_type: int | None = None
    ssrc: int | None = None

    @classmethod
    def parse(cls, expression: object) -> FlowMatch:
        """Parse a flow expression; raises ConditionsError with the allowed form and, if possible, a suggestion."""
        try:
            return cls._parsed(expression)
        except ConditionsError as error:
            meant = "" if "did you mean" in error.what else hint(expression, _WORDS, cls._can_parse)
            raise ConditionsError(f"{error.what}{meant}") from None

    @classmethod
    def _can_parse(cls, expression: str) -> bool:
        try:
            cls._parsed(expression)
        except ConditionsError:
            return False
        return True

    @classmethod
    def _parsed(cls, expression: object) -> FlowMatch:
        form = _FORM.fullmatch(expression.strip()) if isinstance(expression, str) else None
        if form is None:
            raise ConditionsError(f"{expression!r} is not a flow: {ALLOWED}")
        if form["host"].lower() in _WORDS and (form["protocol"] or "0")[0].isdigit():
            raise ConditionsError(f"{form['host']!r} is a protocol: put it after the host")
        network, name = _parse_host(form["host"])
        protocol, media = _parse_protocol(form["protocol"] or "*")
        low, high = _parse_ports(form["ports"] or "*")
        if (low, high) != (0, MAX_PORT) and protocol is not None and protocol not in WITH_PORTS:
            raise ConditionsError(f"{form['protocol']!r} has no ports; only tcp, udp and sctp do")
        marks = _parse_marks(form["marks"], media)
        return cls(network, name, protocol, low, high, media, marks.get("pt"), marks.get("ssrc"))

    def __str__(self) -> str:
        """The expression in its shortest form; `parse` reads it back."""
        names = {number: name for name, number in PROTOCOLS.items()}
        protocol = "*" if self.protocol is None else names.get(self.protocol, str(self.protocol))
        ports = "*" if (self.port_min, self.port_max) == (0, MAX_PORT) else _written_ports(self)
        parts = [_written_host(self), self.media or protocol, ports]
        # A host named like a protocol keeps the `*` behind it, or `parse` would take it for the protocol.
        while len(parts) > (2 if parts[0].lower() in _WORDS else 1) and parts[-1] == "*":
            parts.pop()
        marks = {"pt": self.payload_type, "ssrc": self.ssrc}
        return ":".join(parts) + "".join(f",{key}={value}" for key, value in marks.items() if value is not None)

    @property
    def place(self) -> HostPort:
        """Its host and port, as an index key: only flows with the same host or None, and port or None, may cover it."""
        alone = self.network is not None and self.network.prefixlen == self.network.max_prefixlen
        port = self.port_min if self.port_min == self.port_max else None
        return self.name or (self.network if alone else None), port

    def covers(self, other: FlowMatch) -> bool:
        """Whether this flow matches every packet of `other`, so that a later `other` never matches."""
        return (
            self._covers_host(other)
            and self.protocol in (None, other.protocol)
            and self.port_min <= other.port_min
            and other.port_max <= self.port_max
            and self.media in (None, other.media)
            and self.payload_type in (None, other.payload_type)
            and self.ssrc in (None, other.ssrc)
        )

    def _covers_host(self, other: FlowMatch) -> bool:
        if self.network is None:
            return self.name in (None, other.name)
        if other.network is None or other.network.version != self.network.version:
            return False
        return int(self.network.network_address) <= int(other.network.network_address) and int(
            other.network.broadcast_address
        ) <= int(self.network.broadcast_address)


def _parse_host(text: str) -> tuple[IPNetwork | None, str | None]:
    if text == "*":
        return None, None
    bare = text.strip("[]")
    try:
        return ip_network(bare), None
    except ValueError as error:
        if not re.search(r"[A-Za-z]", bare) or not _NAME.fullmatch(bare):
            raise ConditionsError(f"{text!r} is not an address, network or name ({error})") from None
    return None, bare


def _parse_protocol(text: str) -> tuple[int | None, MediaKind | None]:
    if text == "*":
        return None, None
    lower = text.lower()
    for media in MEDIA:
        if lower == media:
            return UDP, media
    if lower in PROTOCOLS:
        return PROTOCOLS[lower], None
    number = _whole(text, 255)
    if number is None:
        names = (*PROTOCOLS, *MEDIA)
        near = _nearest(lower, names)
        raise ConditionsError(f"{text!r} is not a protocol{near}: {', '.join(names)}, a number up to 255, or *")
    return number, None


def _parse_ports(text: str) -> tuple[int, int]:
    if text == "*":
        return 0, MAX_PORT
    first, dash, last = text.partition("-")
    low, high = _whole(first, MAX_PORT), _whole(last if dash else first, MAX_PORT)
    if low is None or high is None or low > high:
        raise ConditionsError(f"{text!r} is not a port or a range of ports from 0 to {MAX_PORT}, such as 443 or 1-1000")
    return low, high


def _parse_marks(text: str, media: MediaKind | None) -> dict[str, int]:
    """Parse `,pt=96,ssrc=0x1234abcd`."""
    marks: dict[str, int] = {}
    for mark in text.split(",")[1:]:
        key, _, value = (part.strip() for part in mark.partition("="))
        key = key.lower()
        if key not in _MARKS:
            raise ConditionsError(f"{mark!r} is not a packet mark{_nearest(key, _MARKS)}; expected pt=N or ssrc=N")
        if media not in _MARKS[key]:
            raise ConditionsError(f"{key} requires {' or '.join(_MARKS[key])}, such as *:rtp,{key}=96")
        if key in marks:
            raise ConditionsError(f"{mark!r} repeats {key}; give it once")
        marks[key] = _parse_payload_type(value) if key == "pt" else _parse_ssrc(value)
    return marks


def _parse_payload_type(text: str) -> int:
    number = _whole(text, MAX_PAYLOAD_TYPE)
    if number is None or number in RTCP_TYPES:
        raise ConditionsError(f"{text!r} is not a payload type of RTP: 0 to 63 or 96 to {MAX_PAYLOAD_TYPE} (RFC 5761)")
    return number


def _parse_ssrc(text: str) -> int:
    number = int(text, 16) if re.fullmatch(r"0[xX][0-9a-fA-F]{1,8}", text) else _whole(text, MAX_SSRC)
    if number is None:
        raise ConditionsError(f"{text!r} is not an SSRC: 0 to {MAX_SSRC}, or as 0x1234abcd")
    return number


def _whole(text: str, most: int) -> int | None:
    """`text` as a decimal number from 0 to `most`, else None."""
    number = int(text) if re.fullmatch(r"[0-9]{1,10}", text) else most + 1
    return number if number <= most else None


def _nearest(text: str, names: Iterable[str]) -> str:
    begun = [name for name in names if len(text) > 2 and name.startswith(text)]
    near = begun[0] if begun else nearest(text, names)
    return f" (did you mean {near}?)" if near else ""


def _written_host(match: FlowMatch) -> str:
    if match.network is None:
        return match.name or "*"
    host = match.network.with_prefixlen
    if match.network.prefixlen == match.network.max_prefixlen:
        host = str(match.network.network_address)
    return f"[{host}]" if match.network.version == 6 else host


def _written_ports(match: FlowMatch) -> str:
    return str(match.port_min) if match.port_min == match.port_max else f"{match.port_min}-{match.port_max}"

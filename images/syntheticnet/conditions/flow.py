"""Which packets a flow means: `host[:protocol[:port[-port]]]`, where the host is the remote side."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from .errors import ConditionsError

ALLOWED = "host[:protocol[:port[-port]]], such as *:udp, 10.0.0.1:tcp:443, 10.0.0.0/8, [2001:db8::1]:udp or a name"
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58, "sctp": 132}
WITH_PORTS = frozenset({6, 17, 132})
MAX_PORT = 65535

_FORM = re.compile(r"(?P<host>\[[^\]]+\]|[^:\[\]]+)(?::(?P<protocol>[^:]+)(?::(?P<ports>[^:]+))?)?")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class FlowMatch:
    """The packets of one flow. A `network` of None and no `name` mean any host; `protocol` None means any."""

    network: Network | None = None
    name: str | None = None
    protocol: int | None = None
    port_min: int = 0
    port_max: int = MAX_PORT

    @classmethod
    def parse(cls, expression: object) -> FlowMatch:
        """Read a flow expression; raises ConditionsError with the allowed form."""
        form = _FORM.fullmatch(expression.strip()) if isinstance(expression, str) else None
        if form is None:
            raise ConditionsError(f"{expression!r} is not a flow: {ALLOWED}")
        network, name = _parse_host(form["host"])
        protocol = _parse_protocol(form["protocol"] or "*")
        low, high = _parse_ports(form["ports"] or "*")
        if (low, high) != (0, MAX_PORT) and protocol is not None and protocol not in WITH_PORTS:
            raise ConditionsError(f"{form['protocol']!r} has no ports; those of tcp, udp and sctp can be given")
        return cls(network, name, protocol, low, high)

    def __str__(self) -> str:
        """The expression, in its shortest form; `parse` reads it back."""
        names = {number: name for name, number in PROTOCOLS.items()}
        protocol = "*" if self.protocol is None else names.get(self.protocol, str(self.protocol))
        ports = "*" if (self.port_min, self.port_max) == (0, MAX_PORT) else _written_ports(self)
        parts = [_written_host(self), protocol, ports]
        while len(parts) > 1 and parts[-1] == "*":
            parts.pop()
        return ":".join(parts)

    def covers(self, other: FlowMatch) -> bool:
        """Whether every packet of `other` is also one of these, so that `other` behind this never matches."""
        return (
            self._covers_host(other)
            and self.protocol in (None, other.protocol)
            and self.port_min <= other.port_min
            and other.port_max <= self.port_max
        )

    def _covers_host(self, other: FlowMatch) -> bool:
        if self.network is None:
            return self.name in (None, other.name)
        if other.network is None or other.network.version != self.network.version:
            return False
        return int(self.network.network_address) <= int(other.network.network_address) and int(
            other.network.broadcast_address
        ) <= int(self.network.broadcast_address)


def _parse_host(text: str) -> tuple[Network | None, str | None]:
    if text == "*":
        return None, None
    bare = text.strip("[]")
    try:
        return ip_network(bare), None
    except ValueError as error:
        if not re.search(r"[A-Za-z]", bare) or not _NAME.fullmatch(bare):
            raise ConditionsError(f"{text!r} is not an address, network or name ({error})") from None
    return None, bare


def _parse_protocol(text: str) -> int | None:
    if text == "*":
        return None
    if text.lower() in PROTOCOLS:
        return PROTOCOLS[text.lower()]
    if text.isdecimal() and int(text) <= 255:
        return int(text)
    raise ConditionsError(f"{text!r} is not a protocol: {', '.join(PROTOCOLS)}, a number up to 255, or *")


def _parse_ports(text: str) -> tuple[int, int]:
    if text == "*":
        return 0, MAX_PORT
    low, _, high = text.partition("-")
    if not low.isdecimal() or not (high or low).isdecimal() or not int(low) <= int(high or low) <= MAX_PORT:
        raise ConditionsError(f"{text!r} is not a port or a range of ports from 0 to {MAX_PORT}, such as 443 or 1-1000")
    return int(low), int(high or low)


def _written_host(match: FlowMatch) -> str:
    if match.network is None:
        return match.name or "*"
    host = match.network.with_prefixlen
    if match.network.prefixlen == match.network.max_prefixlen:
        host = str(match.network.network_address)
    return f"[{host}]" if match.network.version == 6 else host


def _written_ports(match: FlowMatch) -> str:
    return str(match.port_min) if match.port_min == match.port_max else f"{match.port_min}-{match.port_max}"

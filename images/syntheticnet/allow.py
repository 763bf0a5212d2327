"""Who may use the control ports besides the host (`SYNTHLAB_ALLOW`); by default nobody."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

HOST = "host"

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_ORIGIN = re.compile(r"https?://[^/?#\s@]+")

IPNetwork = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Allow:
    """Networks (an address is a network of one), container names, and origins of web pages.

    If networks are allowed, the control ports are published beyond the host, and other containers on the machine reach
    them through the engine's proxy with the host's address. So in that case the host must be listed as `host`, too.
    """

    networks: tuple[IPNetwork, ...] = ()
    names: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    host: bool = True

    def __bool__(self) -> bool:
        return bool(self.networks or self.names or self.origins)

    @classmethod
    def parse(cls, words: Iterable[str]) -> Allow:
        """Parse the words of `SYNTHLAB_ALLOW`; raises ValueError that quotes the invalid word."""
        networks, names, origins = [], [], []
        words = list(words)
        for word in words:
            network = _network(word)
            if network is not None:
                networks.append(network)
            elif _ORIGIN.fullmatch(word):
                origins.append(word)
            elif _NAME.fullmatch(word):
                names += [word] if word != HOST else []
            else:
                what = "an address, a network, a container name, host or an origin such as https://app.example"
                raise ValueError(f"{word!r} is not {what}")
        return cls(tuple(networks), tuple(names), tuple(origins), host=not networks or HOST in words)


def _network(word: str) -> IPNetwork | None:
    try:
        return ip_network(word, strict=False)
    except ValueError:
        return None

"""Who may use the control ports besides the host (`SYNTHLAB_ALLOW`); by default nobody."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Protocol

from .channel import Unanswered

LOOKUP_SECONDS = 5.0
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


class AddressSink(Protocol):
    """Sends the addresses of allowed names to the forwarder."""

    async def ask(self, op: str, *, addresses: Sequence[str]) -> object: ...


class Admitted:
    """The addresses that may use the control ports; names are looked up repeatedly."""

    def __init__(self, hosts: Iterable[str], allow: Allow) -> None:
        self._hosts = frozenset(hosts)
        self._allow = allow
        self._found: list[str] = []

    def __contains__(self, peer: object) -> bool:
        if peer in self._hosts or peer in self._found:
            return True
        try:
            address = ip_address(str(peer))
        except ValueError:
            return False
        return any(address in network for network in self._allow.networks)

    async def follow(self, control: AddressSink) -> None:
        """Look the names up for ever and send the result to the forwarder each time, as it may have been restarted.

        Returns at once if there are no names.
        """
        while self._allow.names:
            by_name = [await _addresses(name) for name in self._allow.names]
            self._found = sorted({address for addresses in by_name for address in addresses})
            with suppress(Unanswered):
                await control.ask("admit", addresses=self._found)
            await asyncio.sleep(LOOKUP_SECONDS)


async def _addresses(name: str) -> list[str]:
    """The current addresses of a container; empty if it is not running, as another may have its old address by now."""
    loop = asyncio.get_running_loop()
    with suppress(OSError, TimeoutError):
        rows = await asyncio.wait_for(loop.getaddrinfo(name, None, type=socket.SOCK_STREAM), LOOKUP_SECONDS)
        return [str(row[4][0]) for row in rows]
    return []


def _network(word: str) -> IPNetwork | None:
    try:
        return ip_network(word, strict=False)
    except ValueError:
        return None

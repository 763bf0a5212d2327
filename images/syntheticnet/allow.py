"""Whom the stack lets use the control ports besides the host (`SYNTHLAB_ALLOW`): nobody, unless it names somebody."""

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

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Allow:
    """Networks (an address is a network of one), names of containers, and origins of pages.

    Where networks may use the control ports, these are published beyond the host, and other containers of the machine
    reach them by way of the engine's proxy, with the host's own address. So the `host` must then be named to be let in.
    """

    networks: tuple[Network, ...] = ()
    names: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    host: bool = True

    def __bool__(self) -> bool:
        return bool(self.networks or self.names or self.origins)

    @classmethod
    def parse(cls, words: Iterable[str]) -> Allow:
        """Raises ValueError that names the word."""
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
                what = "an address, a network, a name or an origin such as https://app.example"
                raise ValueError(f"{word!r} is not {what}")
        return cls(tuple(networks), tuple(names), tuple(origins), host=not networks or HOST in words)


class Control(Protocol):
    """What passes the addresses of names on to the forwarder."""

    async def ask(self, op: str, *, addresses: Sequence[str]) -> object: ...


class Admitted:
    """The addresses that may use the control ports; those of names are looked up again and again."""

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

    async def follow(self, control: Control) -> None:
        """Look the names up for ever, and tell the forwarder, also one that has been restarted; at once without any."""
        while self._allow.names:
            found = [await _addresses(name) for name in self._allow.names]
            self._found = sorted({address for addresses in found for address in addresses})
            with suppress(Unanswered):
                await control.ask("admit", addresses=self._found)
            await asyncio.sleep(LOOKUP_SECONDS)


async def _addresses(name: str) -> list[str]:
    """None for a container that does not run: one that comes back may have others, and somebody else its old ones."""
    loop = asyncio.get_running_loop()
    with suppress(OSError, TimeoutError):
        rows = await asyncio.wait_for(loop.getaddrinfo(name, None, type=socket.SOCK_STREAM), LOOKUP_SECONDS)
        return [str(row[4][0]) for row in rows]
    return []


def _network(word: str) -> Network | None:
    try:
        return ip_network(word, strict=False)
    except ValueError:
        return None

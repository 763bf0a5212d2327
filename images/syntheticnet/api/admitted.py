"""Who may use the control ports: the addresses of allowed networks and of allowed containers, followed by name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Protocol

from ..allow import Allow
from ..channel import Unanswered
from .lookup import addresses_of

PAUSE_SECONDS = 5.0


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
            by_name = [await _present(name) for name in self._allow.names]
            self._found = sorted({address for addresses in by_name for address in addresses})
            with suppress(Unanswered):
                await control.ask("admit", addresses=self._found)
            await asyncio.sleep(PAUSE_SECONDS)


async def _present(name: str) -> Sequence[str]:
    """The current addresses of a container; none if it is not running, as another may have its old address by now."""
    with suppress(OSError, TimeoutError):
        return await addresses_of(name)
    return []

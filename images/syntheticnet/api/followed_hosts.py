"""Follows the hosts that flows name: a container that is made anew has another address under its old name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address

from ..channel import WORK_SECONDS, RequestRefused, Unanswered
from .control_client import ControlClient
from .lookup import addresses_of

PAUSE_SECONDS = 1.0
SHARE = 0.02
"""At most this share of the time is spent on lookups, however many hosts there are."""
MOST_ADDRESSES = 64

Lookup = Callable[[str], Awaitable[Sequence[str]]]


class FollowedHosts:
    """Looks the hosts up for ever, and tells the forwarder when their addresses change.

    A host that cannot be found keeps its last addresses: while its container starts again, its conditions must not end.
    """

    def __init__(self, control: ControlClient, lookup: Lookup = addresses_of) -> None:
        self._control = control
        self._lookup = lookup
        self._named = asyncio.Event()

    def named(self) -> None:
        """A change names hosts: there is something to follow."""
        self._named.set()

    async def follow(self) -> None:
        while True:
            self._named.clear()
            start = time.monotonic()
            try:
                hosts = (await self._control.ask("hosts"))["hosts"]
                if found := await self._moved(hosts):
                    await self._control.ask("locate", WORK_SECONDS, names=found)
            except (Unanswered, RequestRefused):
                hosts = None  # the forwarder is busy or restarting
            if hosts == {}:
                await self._named.wait()
            else:
                await asyncio.sleep(max(PAUSE_SECONDS, (time.monotonic() - start) / SHARE))

    async def _moved(self, hosts: dict[str, list[str]]) -> dict[str, list[str]]:
        """The hosts with other addresses than before."""
        moved = {}
        for name, known in hosts.items():
            with suppress(OSError, TimeoutError):
                present = merged(known, await self._lookup(name))
                if present != sorted(known):
                    moved[name] = present
        return moved


def merged(known: Sequence[str], found: Sequence[str]) -> list[str]:
    """The addresses of a host after a lookup.

    A container has those that were found, and no others. A host on the internet may give others with each answer, and
    conversations with its earlier ones go on.
    """
    if all(ip_address(address).is_private for address in found):
        return sorted(found)
    return sorted(dict.fromkeys([*found, *known][:MOST_ADDRESSES]))

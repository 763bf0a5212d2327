"""Looks up the addresses of hosts."""

from __future__ import annotations

import asyncio
import socket

LOOKUP_SECONDS = 3.0


async def addresses_of(name: str) -> list[str]:
    """The present addresses of a host, IPv4 and IPv6; raises OSError or TimeoutError if it has none."""
    loop = asyncio.get_running_loop()
    rows = await asyncio.wait_for(loop.getaddrinfo(name, None, type=socket.SOCK_DGRAM), LOOKUP_SECONDS)
    return sorted({str(row[4][0]) for row in rows})

"""Asks the engine's own name server, over the protocol that the application used."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

from .message import id_of

PATIENCE_S = 30.0
"""How long a question waits for an answer; whoever asked has given up before."""
LENGTH_BYTES = 2
_MOST_BYTES = 65535

ServerAddress = tuple[str, int]


class Upstream:
    """The name server at `address`; its answers come back unchanged.

    Each question has a socket of its own: after a restart of the engine the kernel would lead one that is older to
    where the name server was before.
    """

    def __init__(self, address: ServerAddress) -> None:
        self._address = address

    async def ask(self, query: bytes) -> bytes | None:
        """The answer over UDP; None if there is none in time."""
        loop = asyncio.get_running_loop()
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.setblocking(False)
            own.connect(self._address)
            own.send(query)
            async with asyncio.timeout(PATIENCE_S):
                while id_of(answer := await loop.sock_recv(own, _MOST_BYTES)) != id_of(query):
                    pass
                return answer
        return None

    async def ask_by_stream(self, query: bytes) -> bytes | None:
        """The answer over TCP; None if there is none in time."""
        with suppress(OSError, EOFError):
            async with asyncio.timeout(PATIENCE_S):
                reader, writer = await asyncio.open_connection(*self._address)
                try:
                    writer.write(framed(query))
                    return await read_framed(reader)
                finally:
                    writer.close()
        return None


def framed(message: bytes) -> bytes:
    """A message as it is sent over TCP, behind its length."""
    return len(message).to_bytes(LENGTH_BYTES, "big") + message


async def read_framed(reader: asyncio.StreamReader) -> bytes:
    """The next message of a connection; raises EOFError at its end."""
    length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
    return await reader.readexactly(length)

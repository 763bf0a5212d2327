"""Asks the engine's own name server, over the protocol that the application used."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import SystemRandom
from typing import cast

from .message import id_of, with_id

PATIENCE_S = 30.0
"""How long a question waits for an answer; whoever asked has given up before."""
LENGTH_BYTES = 2

Address = tuple[str, int]


class Upstream:
    """The name server at `address`; its answers come back unchanged, but for the id."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._datagrams = _Datagrams()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self._datagrams, remote_addr=self._address)

    async def ask(self, query: bytes) -> bytes | None:
        """The answer over UDP; None if there is none in time."""
        return await self._datagrams.ask(query)

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


class _Datagrams(asyncio.DatagramProtocol):
    """One socket for all questions. Each gets an id of its own, because those of several programs may be equal."""

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._random = SystemRandom()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio promises it, but in Python 3.11 it is no instance.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, _: object) -> None:
        waiting = self._waiting.get(id_of(data))
        if waiting is not None and not waiting.done():
            waiting.set_result(data)

    def error_received(self, _: Exception) -> None:
        """Nobody listens there right now; the question stays unanswered, as without us."""

    async def ask(self, query: bytes) -> bytes | None:
        assert self._transport is not None
        number = self._free_id()
        self._waiting[number] = answer = asyncio.get_running_loop().create_future()
        self._transport.sendto(with_id(query, number))
        try:
            async with asyncio.timeout(PATIENCE_S):
                return with_id(await answer, id_of(query))
        except TimeoutError:
            return None
        finally:
            del self._waiting[number]

    def _free_id(self) -> int:
        while (number := self._random.getrandbits(16)) in self._waiting:
            pass
        return number

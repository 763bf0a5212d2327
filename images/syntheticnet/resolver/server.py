"""Answers look-ups of names over UDP and TCP: as the engine's name server does, but for what conditions say."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, cast

from ..conditions import LookupConditions, LookupValues, applying_to
from ..conditions.dns import TIMEOUT
from .counts import LookupCounts
from .message import Question, made_up, read_question, refusal
from .upstream import Upstream, framed, read_framed

MOST_WAITING = 500
"""Look-ups at a time; further ones stay unanswered, as from any overloaded name server."""
PUBLISHED_S = 0.05
"""How old published counts may be."""

Ask = Callable[[bytes], Awaitable[bytes | None]]
_UNCONDITIONED = LookupConditions()


class LookupServer:
    def __init__(self, upstream: Upstream, counts: LookupCounts) -> None:
        self._upstream = upstream
        self._counts = counts
        self._dns: LookupValues = {}
        self._waiting: set[asyncio.Task[None]] = set()
        self._publishing: asyncio.TimerHandle | None = None

    async def serve(self, datagrams: socket.socket, listening: socket.socket) -> None:
        """Serve on these sockets from now on."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: _Asked(self._take_datagram), sock=datagrams)
        await asyncio.start_server(self._serve_stream, sock=listening)

    def adopt(self, dns: LookupValues) -> None:
        """Put these in force. An answer that waits already keeps its delay."""
        self._dns = dns
        self._counts.keep(dns)

    def _take_datagram(self, query: bytes, answer: Callable[[bytes], None]) -> None:
        self._begin(self._answer(query, self._upstream.ask, answer))

    async def _serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def answer(message: bytes) -> None:
            writer.write(framed(message))

        with suppress(OSError, EOFError):
            while True:
                query = await read_framed(reader)
                self._begin(self._answer(query, self._upstream.ask_by_stream, answer))
        writer.close()

    def _begin(self, answering: Coroutine[Any, Any, None]) -> None:
        if len(self._waiting) >= MOST_WAITING:
            answering.close()
            return
        task = asyncio.get_running_loop().create_task(answering)
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _answer(self, query: bytes, ask: Ask, answer: Callable[[bytes], None]) -> None:
        question = read_question(query)
        name = applying_to(question.name, self._dns) if question else None
        entry = self._dns[name] if name is not None else _UNCONDITIONED
        self._count(name, entry)
        if entry.answer == TIMEOUT:
            return
        message = await _found(query, question, entry, ask)
        if message is None:
            return
        if entry.delay_ns:
            await asyncio.sleep(entry.delay_ns / 1e9)
        answer(message)

    def _count(self, name: str | None, entry: LookupConditions) -> None:
        self._counts.add(name, entry)
        if self._publishing is None:
            self._publishing = asyncio.get_running_loop().call_later(PUBLISHED_S, self._publish)

    def _publish(self) -> None:
        self._publishing = None
        self._counts.publish()


async def _found(query: bytes, question: Question | None, entry: LookupConditions, ask: Ask) -> bytes | None:
    """The answer that conditions make up, or the real one; None if there is none."""
    if question is None or entry.answer is None:
        return await ask(query)
    if entry.addresses:
        return made_up(query, question, entry.addresses)
    return refusal(query, question, entry.answer)


class _Asked(asyncio.DatagramProtocol):
    """Takes queries, each with a function that answers it."""

    def __init__(self, take: Callable[[bytes, Callable[[bytes], None]], None]) -> None:
        self._take = take
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio promises it, but in Python 3.11 it is no instance.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        transport = self._transport
        assert transport is not None
        self._take(data, lambda message: transport.sendto(message, address))

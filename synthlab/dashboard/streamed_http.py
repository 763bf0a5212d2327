"""One HTTP/1.1 request over a connection that is already open, whose answer is read as it comes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from typing import Self

import h11

from ..errors import SynthlabError

PIECE = 1 << 16
HEAD_S = 15.0
BODY_S = 15.0

Headers = list[tuple[bytes, bytes]]


class StreamedAnswer:
    """An answer; `close` it when done. It is among `unfinished` until then, even before it has begun."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, unfinished: set[StreamedAnswer]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._unfinished = unfinished
        unfinished.add(self)
        self._protocol = h11.Connection(h11.CLIENT)
        self.status = 0
        self.headers: Headers = []

    @classmethod
    async def get(
        cls, connection: socket.socket, target: str, headers: Mapping[str, str], unfinished: set[StreamedAnswer]
    ) -> Self:
        """Send a GET request, and wait for the head of its answer. Raises SynthlabError."""
        connection.setblocking(False)
        answer = cls(*await asyncio.open_connection(sock=connection), unfinished)
        try:
            sent = [*headers.items(), ("connection", "close")]
            request = h11.Request(method="GET", target=target, headers=sent)
            answer._send(request, h11.EndOfMessage())
            await asyncio.wait_for(answer._read_head(), HEAD_S)
        except (h11.ProtocolError, OSError, TimeoutError) as error:
            answer.close()
            raise SynthlabError(f"no answer: {error or type(error).__name__}") from None
        except asyncio.CancelledError:
            answer.close()
            raise
        return answer

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, as it arrives; it ends early where the connection breaks, or where more follows than an answer."""
        try:
            while isinstance(event := await self._next(), h11.Data):
                yield bytes(event.data)
        except (h11.ProtocolError, OSError):
            return
        finally:
            self.close()

    async def body(self, most: int) -> bytes:
        """The whole body. Raises SynthlabError if it is longer than `most` bytes, or is not complete in time."""
        pieces, size = list[bytes](), 0
        try:
            async with asyncio.timeout(BODY_S):
                async for piece in self.pieces():
                    size += len(piece)
                    if size > most:
                        raise SynthlabError(f"its answer is longer than {most} bytes")
                    pieces.append(piece)
        except TimeoutError:
            raise SynthlabError(f"its answer is not complete within {BODY_S:g} s") from None
        finally:
            self.close()
        return b"".join(pieces)

    def close(self) -> None:
        self._unfinished.discard(self)
        self._writer.close()

    def _send(self, *events: h11.Request | h11.EndOfMessage) -> None:
        for event in events:
            self._writer.write(self._protocol.send(event) or b"")

    async def _read_head(self) -> None:
        while not isinstance(event := await self._next(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise h11.RemoteProtocolError("the connection was closed")
        self.status, self.headers = event.status_code, list(event.headers)

    async def _next(self) -> object:
        while (event := self._protocol.next_event()) is h11.NEED_DATA:
            self._protocol.receive_data(await self._reader.read(PIECE))
        return event

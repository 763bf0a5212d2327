"""The control port for machines elsewhere: TLS with the lab's certificate, and a token in every first request.

On one machine, the address of the host says who asks. Where a lab is spread over several, requests come from any
address, so the caller proves that it knows the lab's token (RFC 6750). The container knows only the token's digest:
whoever reads its files can check a token, but has none.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl  # loads OpenSSL, which only a lab on several machines needs

HEAD_BYTES = 16 << 10
HEAD_S = 10.0
CHUNK_BYTES = 64 << 10
MOST_CONNECTIONS = 128

Adopt = Callable[[socket.socket], Awaitable[object]]
"""Serves the API on one connected socket."""


@dataclass(frozen=True)
class TlsPort:
    """A listening socket with its TLS context. `digest` is the SHA-256 of the token, in hex.

    `tunnels` are the ports of the container that `CONNECT localhost:PORT` leads to, such as its screen.
    """

    listening: socket.socket
    context: ssl.SSLContext
    digest: str
    tunnels: Collection[int]


class TlsServer:
    """Serves a TlsPort: passes requests with the token on to the API, or to a port of the container."""

    def __init__(self, port: TlsPort, adopt: Adopt) -> None:
        self._port = port
        self._adopt = adopt
        self._connections = 0

    async def serve(self) -> None:
        """Serve for ever."""
        port = self._port
        server = await asyncio.start_server(
            self._connected, sock=port.listening, ssl=port.context, ssl_handshake_timeout=HEAD_S, limit=HEAD_BYTES
        )
        async with server:
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections <= MOST_CONNECTIONS:
                await self._serve_one(reader, writer)
                writer.close()  # once the peer has all that was sent
                await asyncio.wait_for(writer.wait_closed(), HEAD_S)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass  # it sent no complete request, or has gone
        finally:
            self._connections -= 1
            writer.transport.abort()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_S)
        method, target, token = _read_head(head)
        if not hmac.compare_digest(hashlib.sha256(token).hexdigest(), self._port.digest):
            _refuse(writer, "401 Unauthorized")
        elif method != b"CONNECT":
            inner = await self._to_api()
            inner[1].write(head)
            await _relay((reader, writer), inner)
        elif opened := await self._to_port(target):
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await _relay((reader, writer), opened)
        else:
            _refuse(writer, "404 Not Found")

    async def _to_api(self) -> DuplexStream:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        await self._adopt(theirs)
        return await asyncio.open_connection(sock=ours)

    async def _to_port(self, target: bytes) -> DuplexStream | None:
        port = target.removeprefix(b"localhost:").decode("ascii", "replace")
        if not port.isdecimal() or int(port) not in self._port.tunnels:
            return None
        with suppress(OSError):
            return await asyncio.open_connection("127.0.0.1", int(port))
        return None


DuplexStream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def _read_head(head: bytes) -> tuple[bytes, bytes, bytes]:
    """Method, target and bearer token of a request; empty where it has none."""
    first, *lines = head.split(b"\r\n")
    method, _, rest = first.partition(b" ")
    token = b""
    for line in lines:
        name, _, value = line.partition(b":")
        scheme, _, credentials = value.strip().partition(b" ")
        if name.lower() == b"authorization" and scheme.lower() == b"bearer":
            token = credentials.strip()
    return method, rest.partition(b" ")[0], token


def _refuse(writer: asyncio.StreamWriter, status: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


async def _relay(one: DuplexStream, other: DuplexStream) -> None:
    """Copy both ways until either ends."""
    copies = [asyncio.ensure_future(_copy(one[0], other[1])), asyncio.ensure_future(_copy(other[0], one[1]))]
    try:
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for copy in copies:
            copy.cancel()
        other[1].transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()

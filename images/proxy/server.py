"""SOCKS5 (RFC 1928) and HTTP CONNECT (RFC 9110, 9.3.6) on one port: the first byte tells them apart.

Names are resolved here, in the lab. Nothing of this container can be reached through it. asyncio sets TCP_NODELAY on
both sides of a tunnel: otherwise every second small message would wait for a round trip of the conditioned network.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from ipaddress import ip_address

from . import connect, socks5
from .refusal import Refused

PORT = 1080
CONNECT_S = 60.0
FALLBACK_S = 0.25
"""After how long the next address of a name is tried, too (RFC 8305, 5)."""

MOST_HEAD = 16384
CHUNK = 1 << 16

StreamPair = tuple[StreamReader, StreamWriter]


async def listen(port: int) -> asyncio.Server:
    """Serve on any address of this container."""
    return await asyncio.start_server(_meet, None, port, limit=MOST_HEAD)


async def _meet(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        await _serve(reader, writer)
    writer.close()


async def _serve(reader: StreamReader, writer: StreamWriter) -> None:
    first = await reader.readexactly(1)
    protocol = socks5 if first == socks5.VERSION else connect
    try:
        host, port = await protocol.read_target(first, reader, writer)
        server = await _reach(host, port)
    except Refused as refused:
        writer.write(protocol.refusal(refused))
        await writer.drain()
        return
    try:
        writer.write(protocol.ACCEPTED)
        await _splice((reader, writer), server)
    finally:
        server[1].close()


async def _reach(host: str, port: int) -> StreamPair:
    """A connection to a host of the lab; raises Refused."""
    try:
        opening = asyncio.open_connection(host, port, happy_eyeballs_delay=FALLBACK_S, limit=CHUNK)
        server = await asyncio.wait_for(opening, CONNECT_S)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be one
        raise Refused.of(error) from None
    if _is_own(server[1]):
        server[1].close()
        raise Refused("forbidden", f"{host} is the proxy itself")
    return server


def _is_own(writer: StreamWriter) -> bool:
    """Whether the connection ends in this container."""
    own, peer = (str(writer.get_extra_info(end)[0]) for end in ("sockname", "peername"))
    return own == peer or ip_address(peer.partition("%")[0]).is_loopback


async def _splice(client: StreamPair, server: StreamPair) -> None:
    """Copy bytes both ways until both sides have ended, or one fails."""
    copying = [
        asyncio.create_task(_copy(source, target))
        for source, target in ((client[0], server[1]), (server[0], client[1]))
    ]
    try:
        await asyncio.gather(*copying)
    finally:
        for task in copying:
            task.cancel()


async def _copy(source: StreamReader, target: StreamWriter) -> None:
    while chunk := await source.read(CHUNK):
        target.write(chunk)
        await target.drain()
    target.write_eof()

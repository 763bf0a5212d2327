"""Forwards the container's port 9222 to Chromium's DevTools port, which Chromium binds to loopback only.

The Host header is passed on unchanged: Chromium builds the URLs in its answers from it, so they go through the same
published port. One request per connection, so that `devtools_access` checks every request.
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

from .devtools_access import Request
from .flags import DEBUG_PORT

PORT = 9222

_MOST_HEAD = 16384
_PATIENCE_S = 15.0
_POLL_S = 0.1
_CHUNK = 1 << 16
_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


async def serve() -> None:
    async with await listen(PORT, DEBUG_PORT) as server:
        await server.serve_forever()


async def listen(port: int, upstream: int) -> asyncio.Server:
    """Forward connections on `port`, on any IPv4 or IPv6 address, to `upstream` on our loopback."""

    async def meet(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await _answer(reader, writer, upstream)
        writer.close()

    return await asyncio.start_server(meet, None, port, limit=_MOST_HEAD)


async def _answer(reader: StreamReader, writer: StreamWriter, upstream: int) -> None:
    try:
        head = await reader.readuntil(_END)
        request = Request.parse(head)
        refusal = request.refusal
    except (ValueError, asyncio.LimitOverrunError):
        return await _refuse(writer, "400 Bad Request", "not an HTTP/1 request")
    if refusal:
        return await _refuse(writer, "403 Forbidden", refusal)
    try:
        browser_reader, browser_writer = await _connect(upstream)
    except OSError:
        return await _refuse(writer, "502 Bad Gateway", "the browser does not accept connections; it may have crashed")
    try:
        browser_writer.write(head)
        if request.upgrades:
            return await _splice((reader, browser_writer), (browser_reader, writer))
        await _relay_answer(browser_reader, writer)
    finally:
        browser_writer.close()


async def _connect(port: int) -> tuple[StreamReader, StreamWriter]:
    """Connect to Chromium, waiting while it starts; raises OSError."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_S
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(_POLL_S)


async def _relay_answer(reader: StreamReader, writer: StreamWriter) -> None:
    """Forward one response and close: Chromium would keep the connection open for requests nobody checks."""
    head = await reader.readuntil(_END)
    lengths = [int(line[len(_LENGTH) :]) for line in head.lower().split(b"\r\n") if line.startswith(_LENGTH)]
    body = await reader.readexactly(sum(lengths))
    writer.write(head.removesuffix(b"\r\n") + b"Connection: close\r\n\r\n" + body)
    await writer.drain()


async def _splice(*directions: tuple[StreamReader, StreamWriter]) -> None:
    """Copy bytes in both directions until either side closes."""
    copying = [asyncio.create_task(_copy(*direction)) for direction in directions]
    await asyncio.wait(copying, return_when=asyncio.FIRST_COMPLETED)
    for task in copying:
        task.cancel()
    await asyncio.gather(*copying, return_exceptions=True)


async def _copy(reader: StreamReader, writer: StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()


async def _refuse(writer: StreamWriter, status: str, why: str) -> None:
    body = f"{why}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


if __name__ == "__main__":
    sys.exit(asyncio.run(serve()))

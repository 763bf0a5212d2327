"""Carries the container's port 9222 to Chromium's debugging port, which Chromium opens on its own loopback only.

The Host header passes unchanged: Chromium makes the addresses in its answers from it, so they lead back through the
same published port. Each connection is one request, so that each is looked at: see `gate`.
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
    """Carry what comes to a port, of all addresses of IPv4 and IPv6, to another of our loopback."""

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
        return await _refuse(writer, "400 Bad Request", "this is not a request")
    if refusal:
        return await _refuse(writer, "403 Forbidden", refusal)
    try:
        browser_reader, browser_writer = await _reach(upstream)
    except OSError:
        return await _refuse(writer, "502 Bad Gateway", "the browser does not answer")
    try:
        browser_writer.write(head)
        if request.upgrades:
            return await _tie((reader, browser_writer), (browser_reader, writer))
        await _relay_answer(browser_reader, writer)
    finally:
        browser_writer.close()


async def _reach(port: int) -> tuple[StreamReader, StreamWriter]:
    """Chromium's port, which is not open yet while it starts; raises OSError."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_S
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(_POLL_S)


async def _relay_answer(reader: StreamReader, writer: StreamWriter) -> None:
    """One answer, and that it is the last of its connection: Chromium would wait for more requests."""
    head = await reader.readuntil(_END)
    lengths = [int(line[len(_LENGTH) :]) for line in head.lower().split(b"\r\n") if line.startswith(_LENGTH)]
    body = await reader.readexactly(sum(lengths))
    writer.write(head.removesuffix(b"\r\n") + b"Connection: close\r\n\r\n" + body)
    await writer.drain()


async def _tie(*ways: tuple[StreamReader, StreamWriter]) -> None:
    """Carry bytes both ways until either side ends."""
    carrying = [asyncio.create_task(_carry(*way)) for way in ways]
    await asyncio.wait(carrying, return_when=asyncio.FIRST_COMPLETED)
    for task in carrying:
        task.cancel()
    await asyncio.gather(*carrying, return_exceptions=True)


async def _carry(reader: StreamReader, writer: StreamWriter) -> None:
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

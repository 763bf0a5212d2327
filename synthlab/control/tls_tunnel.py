"""Connects to a port of a client on another machine, through the TLS port of its API."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import Future
from contextlib import suppress

from ..contract import TLS_PORT
from ..engine.containers import Container
from ..engine.lab_access import LabAccess
from ..errors import SynthlabError
from .tls_access import only

CONNECT_S = 5.0
PIECE = 1 << 16

DuplexStream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def connect_over_tls(access: LabAccess, container: Container, port: int) -> socket.socket:
    """A connection to a port of the container, such as its screen; of its API's port, what is sent must have the token.

    It is a plain socket, whose bytes a thread of ours carries. Raises SynthlabError.
    """
    ours, theirs = socket.socketpair()
    opened: Future[None] = Future()
    carrying = _carry(access, container, port, theirs, opened)
    threading.Thread(target=asyncio.run, args=(carrying,), daemon=True).start()
    try:
        opened.result()
    except (KeyError, OSError, EOFError) as error:
        ours.close()
        raise SynthlabError(f"{container.title}: its port {port} cannot be reached: {_reason(error)}") from None
    return ours


async def _carry(
    access: LabAccess, container: Container, port: int, theirs: socket.socket, opened: Future[None]
) -> None:
    """Connect, report that in `opened`, and copy both ways until either end closes."""
    try:
        async with asyncio.timeout(CONNECT_S):
            outer = await _opened(access, container, port)
            inner = await asyncio.open_connection(sock=theirs)
    except BaseException as error:
        theirs.close()
        opened.set_exception(error)
        return
    opened.set_result(None)
    copies = [asyncio.ensure_future(_copy(*ends)) for ends in ((inner[0], outer[1]), (outer[0], inner[1]))]
    await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    for copy in copies:
        copy.cancel()
    for _, writer in (inner, outer):
        await _close(writer)


async def _opened(access: LabAccess, container: Container, port: int) -> DuplexStream:
    context = only(access.certificate)
    reader, writer = await asyncio.open_connection(container.host, container.ports[TLS_PORT], ssl=context)
    request = f"CONNECT localhost:{port} HTTP/1.1\r\nAuthorization: Bearer {access.token}\r\n\r\n"
    try:
        if port != container.api_port:
            writer.write(request.encode())
            if not (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 "):
                raise ConnectionRefusedError("nothing answers there")
    except BaseException:
        writer.transport.abort()
        raise
    return reader, writer


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close a connection, and wait for that: the loop may end afterwards."""
    writer.close()
    try:
        await asyncio.wait_for(writer.wait_closed(), CONNECT_S)
    except (OSError, TimeoutError):
        writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyError):
        return "its container publishes none yet"
    return str(error) or f"no answer within {CONNECT_S:g} s"

"""One try of a probe: connects, and for HTTP sends a request and reads the answer to its end."""

from __future__ import annotations

import asyncio
import socket
import ssl

from .loop_watch import LoopWatch
from .numbers import TryResult
from .probe import Probe

HEAD_BYTES = 64 << 10
PIECE = 64 << 10
FAILED_STATUS = 400

_NO_BODY = (204, 304)
_FAILURES = (OSError, EOFError, ValueError, asyncio.LimitOverrunError, TimeoutError)


async def attempt(probe: Probe, lateness: LoopWatch) -> TryResult:
    """Never raises for what the network or the server does."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    with lateness.watched():
        try:
            async with asyncio.timeout(probe.timeout_s):
                addresses = await _resolved(probe)
                start = loop.time()  # after the lookup, which the engine's own server answers, whatever the path
                status = await _exchange(probe, await _connected(addresses))
                outcome = TryResult((loop.time() - start) * 1000, status, failed=(status or 0) >= FAILED_STATUS)
        except _FAILURES:
            outcome = TryResult(failed=True)
        return TryResult(late=True) if lateness.since(began) else outcome


Resolved = tuple[socket.AddressFamily, tuple[object, ...]]


async def _resolved(probe: Probe) -> list[Resolved]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(probe.host, probe.port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [(entry[0], entry[4]) for entry in found]


async def _connected(addresses: list[Resolved]) -> socket.socket:
    """A connection to the first address that accepts one. Raises OSError."""
    loop = asyncio.get_running_loop()
    failure = OSError("no address")
    for family, address in addresses:
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, address)
        except OSError as error:
            connection.close()
            failure = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failure


async def _exchange(probe: Probe, connection: socket.socket) -> int | None:
    """The status of the answer to the request; None of a probe that only connects."""
    if probe.kind == "tcp":
        connection.close()
        return None
    secured, checked_name = (_unchecked(), probe.host) if probe.tls else (None, None)
    try:
        reader, writer = await asyncio.open_connection(
            sock=connection, limit=HEAD_BYTES, ssl=secured, server_hostname=checked_name
        )
    except BaseException:
        connection.close()
        raise
    try:
        # HTTP/1.1, so that servers with several names know which is meant; they may answer in chunks then.
        lines = (f"GET {probe.target} HTTP/1.1", f"Host: {probe.authority}", "Accept: */*", "Connection: close")
        writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        return await _answered(reader)
    finally:
        writer.transport.abort()


def _unchecked() -> ssl.SSLContext:
    """Certificates are not checked: the time of an answer is asked for, not who gives it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def _answered(reader: asyncio.StreamReader) -> int:
    """Read an answer to its end, and return its status. Raises EOFError or ValueError for one that is not complete."""
    status, headers = await _head(reader)
    while status < 200:
        status, headers = await _head(reader)
    if status in _NO_BODY:
        return status
    if "chunked" in headers.get("transfer-encoding", "").lower():
        while size := int((await reader.readline()).partition(b";")[0], 16):
            await _skip(reader, size + len(b"\r\n"))
    elif "content-length" in headers:
        await _skip(reader, int(headers["content-length"]))
    else:
        while await reader.read(PIECE):
            pass
    return status


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Status and headers by name in lower case."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    version, status = first.split(" ", 2)[:2]
    if not version.startswith("HTTP/"):
        raise ValueError(f"{first[:80]!r} is not HTTP")
    pairs = (line.partition(":") for line in lines)
    return int(status), {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _skip(reader: asyncio.StreamReader, count: int) -> None:
    while count > 0:
        piece = await reader.read(min(count, PIECE))
        if not piece:
            raise EOFError("the answer ends too early")
        count -= len(piece)

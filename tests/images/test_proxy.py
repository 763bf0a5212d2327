"""The proxy's protocols: what it reads, what it answers, and what it never connects to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from proxy import connect, server, socks5
from proxy.refusal import Refused

pytestmark = pytest.mark.issue(13)

GREETING = b"\5\1\0"
SUCCESS, FORBIDDEN, UNKNOWN, REFUSED, NO_COMMAND, NO_TYPE = 0, 2, 4, 5, 7, 8
MALFORMED = "malformed"
DEADLINE_S = 10.0


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, DEADLINE_S))


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """The port of a proxy on loopback."""
    async with await server.listen(0) as listening:
        (own,) = (one for one in listening.sockets if one.family == socket.AF_INET)
        yield own.getsockname()[1]


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[server.StreamPair]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer(port: int, sent: bytes) -> bytes:
    """All that the proxy answers before it closes."""
    async with connected(port) as (reader, writer):
        writer.write(sent)
        return await reader.read()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends back what it has read, once the sender has ended."""
    writer.write(await reader.read())
    writer.close()


def named(host: str, port: int, command: int = 1) -> bytes:
    """A SOCKS5 request for a host by name."""
    return GREETING + bytes([5, command, 0, 3, len(host)]) + host.encode() + port.to_bytes(2)


@pytest.mark.parametrize(
    ("head", "target"),
    [
        (b"CONNECT sfu:8080 HTTP/1.1\r\nHost: sfu:8080\r\n\r\n", ("sfu", 8080)),
        (b"CONNECT [fd00::1]:443 HTTP/1.0\r\n\r\n", ("fd00::1", 443)),
        (b"CONNECT sfu HTTP/1.1\r\n\r\n", MALFORMED),
        (b"CONNECT sfu:0 HTTP/1.1\r\n\r\n", MALFORMED),
        (b"CONNECT sfu:70000 HTTP/1.1\r\n\r\n", MALFORMED),
        (b"CONNECT user@sfu:80 HTTP/1.1\r\n\r\n", MALFORMED),
        (b"GET http://sfu:8080/ HTTP/1.1\r\n\r\n", "unsupported"),
        (b"POST / HTTP/1.1\r\nOrigin: https://evil.example\r\n\r\nCONNECT sfu:80 HTTP/1.1\r\n\r\n", "unsupported"),
    ],
)
def test_connect(head: bytes, target: tuple[str, int] | str) -> None:
    """Only CONNECT with host and port is carried out; what a web page can make a browser send is refused."""

    async def read() -> object:
        reader = asyncio.StreamReader()
        reader.feed_data(head[1:])
        try:
            return await connect.read_target(head[:1], reader, None)  # type: ignore[arg-type]
        except Refused as refused:
            return refused.reason

    assert asyncio.run(read()) == target


def test_the_proxy_itself_cannot_be_reached() -> None:
    """Neither loopback, by whatever name, nor the container's own address."""

    async def ask() -> None:
        async with serving() as port:
            for host in ("127.0.0.1", "localhost", "0.0.0.0", "127.9.9.9"):
                assert (await answer(port, named(host, port)))[3] == FORBIDDEN, host
            told = await answer(port, f"CONNECT localhost:{port} HTTP/1.1\r\n\r\n".encode())
            assert told.startswith(b"HTTP/1.1 403 Forbidden\r\n")
            assert told.endswith(b"localhost is the proxy itself\n")

    run(ask())


def test_what_cannot_be_carried_out() -> None:
    """Each cause has its own code (RFC 1928, 6)."""

    async def ask() -> None:
        async with serving() as port:
            assert (await answer(port, named("nosuch.invalid", 80)))[3] == UNKNOWN
            assert (await answer(port, named("127.0.0.1", 1)))[3] == REFUSED
            assert (await answer(port, named("sfu", 80, command=3)))[3] == NO_COMMAND
            assert (await answer(port, GREETING + bytes([5, 1, 0, 9])))[3] == NO_TYPE
            assert await answer(port, b"\5\1\2") == b"\5\xff"
            assert await answer(port, b"\x16\x03\x01\r\n\r\n") != b""

    run(ask())


@pytest.mark.parametrize("protocol", ["socks5", "connect"])
def test_a_tunnel(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes pass unchanged both ways; the end of one side's bytes is passed on, and the other's still arrive."""
    monkeypatch.setattr(server, "_is_own", lambda writer: False)
    sent = bytes(range(256)) * 4096

    async def ask() -> None:
        async with await asyncio.start_server(echo, "127.0.0.1", 0) as target, serving() as port:
            to = target.sockets[0].getsockname()[1]
            opening = (
                named("127.0.0.1", to) if protocol == "socks5" else f"CONNECT 127.0.0.1:{to} HTTP/1.1\r\n\r\n".encode()
            )
            accepted = b"\5\0" + socks5.ACCEPTED if protocol == "socks5" else connect.ACCEPTED
            async with connected(port) as (reader, writer):
                writer.write(opening)
                assert await reader.readexactly(len(accepted)) == accepted
                writer.write(sent)
                writer.write_eof()
                assert await reader.read() == sent

    run(ask())

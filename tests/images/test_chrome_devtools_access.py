"""Access check of the browser's DevTools port, and the proxy in front of it."""

from __future__ import annotations

import asyncio
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from chrome import proxy
from chrome.devtools_access import Request

HOST = "Host: 127.0.0.1:40000"


def head(*fields: str, line: str = "GET /json/version HTTP/1.1") -> bytes:
    return "\r\n".join((line, *fields, "", "")).encode()


@pytest.mark.parametrize("host", ["127.0.0.1:40000", "localhost", "LOCALHOST:9222", "[::1]:9222", "10.0.0.7"])
def test_programs_are_let_in(host: str) -> None:
    """A request without signs of a web page is allowed, at any address."""
    assert Request.parse(head(f"Host: {host}", "User-Agent: Playwright")).refusal is None


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ([HOST, "Origin: https://evil.example"], "Origin https://evil.example: web pages may not use this port"),
        ([HOST, "origin: http://127.0.0.1:40000"], "Origin http://127.0.0.1:40000: web pages may not use this port"),
        ([HOST, "Sec-Fetch-Site: cross-site"], "web pages may not use this port"),
        (["Host: evil.example"], "Host 'evil.example' is not allowed: use an IP address or localhost"),
        (["Host: 127.0.0.1.evil.example"], "Host '127.0.0.1.evil.example' is not allowed: "),
        (["Host: [::1"], "Host '[::1' is not allowed: "),
        ([], "Host '' is not allowed: "),
        ([HOST, "Content-Length: 5"], "requests with a body are not supported"),
        ([HOST, "Transfer-Encoding: chunked"], "requests with a body are not supported"),
    ],
)
def test_pages_are_refused(fields: list[str], refusal: str) -> None:
    """Signs of a web page or of DNS rebinding are refused with the reason."""
    assert (Request.parse(head(*fields)).refusal or "").startswith(refusal)


@pytest.mark.parametrize("bad", [b"nonsense\r\n\r\n", head("Host"), head(HOST, " Origin: folded"), head("Origin : x")])
def test_what_is_no_request(bad: bytes) -> None:
    """A head that another parser might read differently is rejected."""
    with pytest.raises(ValueError, match="is not a"):
        Request.parse(bad)


def test_a_websocket() -> None:
    """Only an upgrade becomes a two-way connection."""
    assert Request.parse(head(HOST, "Upgrade: WebSocket", "Connection: Upgrade")).upgrades
    assert not Request.parse(head(HOST)).upgrades


async def browser(reader: StreamReader, writer: StreamWriter) -> None:
    """Answers without closing, as Chromium does; echoes after an upgrade."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while asked := await reader.readuntil(b"\r\n\r\n"):
            if b"Upgrade" in asked:
                writer.write(b"HTTP/1.1 101 Switching\r\n\r\n")
                while chunk := await reader.read(100):
                    writer.write(chunk.upper())
            else:
                host = asked.partition(b"Host: ")[2].partition(b"\r\n")[0]
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length:%d\r\n\r\n" % len(host) + host)
    writer.close()


def port(server: asyncio.Server) -> int:
    """The IPv4 port: with port 0, IPv4 and IPv6 get different ones."""
    return next(int(one.getsockname()[1]) for one in server.sockets if one.family == socket.AF_INET)


def with_proxy(play: Callable[[StreamReader, StreamWriter], Awaitable[bytes]]) -> bytes:
    """The result of `play` on a connection to a proxy of that browser."""

    async def run() -> bytes:
        upstream = await asyncio.start_server(browser, "127.0.0.1", 0)
        server = await proxy.listen(0, port(upstream))
        reader, writer = await asyncio.open_connection("127.0.0.1", port(server))
        try:
            return await asyncio.wait_for(play(reader, writer), 10)
        finally:
            writer.close()
            for one in (server, upstream):
                one.close()
                await one.wait_closed()

    return asyncio.run(run())


def test_one_request_a_connection() -> None:
    """Host is passed on unchanged; a second request on the connection, which is unchecked, gets no answer."""

    async def play(reader: StreamReader, writer: StreamWriter) -> bytes:
        writer.write(head(HOST) + head("Host: evil.example", "Origin: https://evil.example"))
        return await reader.read()

    answer = with_proxy(play)
    assert answer == b"HTTP/1.1 200 OK\r\nContent-Length:15\r\nConnection: close\r\n\r\n127.0.0.1:40000"


def test_refusal_in_words() -> None:
    """A refused page gets the reason, and its request does not reach the browser."""

    async def play(reader: StreamReader, writer: StreamWriter) -> bytes:
        writer.write(head(HOST, "Origin: https://evil.example", "Upgrade: websocket"))
        return await reader.read()

    answer = with_proxy(play)
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert answer.endswith(b"\r\n\r\nOrigin https://evil.example: web pages may not use this port\n")


def test_websocket_both_ways() -> None:
    """After an upgrade bytes pass in both directions until one side closes."""

    async def play(reader: StreamReader, writer: StreamWriter) -> bytes:
        writer.write(head(HOST, "Upgrade: websocket", line="GET /devtools/browser/1 HTTP/1.1"))
        begin = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"frame")
        answer = await reader.readexactly(5)
        writer.write_eof()
        return begin + answer + await reader.read()

    assert with_proxy(play) == b"HTTP/1.1 101 Switching\r\n\r\nFRAME"

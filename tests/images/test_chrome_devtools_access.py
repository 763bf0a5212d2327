"""Who may speak to a browser's debugging port, and the proxy that carries it."""

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
    """A request without a sign of a web page passes, by whatever address it came."""
    assert Request.parse(head(f"Host: {host}", "User-Agent: Playwright")).refusal is None


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ([HOST, "Origin: https://evil.example"], "a page from https://evil.example may not use this port"),
        ([HOST, "origin: http://127.0.0.1:40000"], "a page from http://127.0.0.1:40000 may not use this port"),
        ([HOST, "Sec-Fetch-Site: cross-site"], "a page may not use this port"),
        (["Host: evil.example"], "host name 'evil.example' is not answered to: use an IP address or localhost"),
        (["Host: 127.0.0.1.evil.example"], "host name '127.0.0.1.evil.example' is not answered to: "),
        (["Host: [::1"], "host name '[::1' is not answered to: "),
        ([], "host name '' is not answered to: "),
        ([HOST, "Content-Length: 5"], "a request with a body is not answered"),
        ([HOST, "Transfer-Encoding: chunked"], "a request with a body is not answered"),
    ],
)
def test_pages_are_refused(fields: list[str], refusal: str) -> None:
    """What shows that a web page asks, or that a name was made to lead here, is refused with a reason."""
    assert (Request.parse(head(*fields)).refusal or "").startswith(refusal)


@pytest.mark.parametrize("bad", [b"nonsense\r\n\r\n", head("Host"), head(HOST, " Origin: folded"), head("Origin : x")])
def test_what_is_no_request(bad: bytes) -> None:
    """What another reader might understand otherwise is no request."""
    with pytest.raises(ValueError, match="is not a"):
        Request.parse(bad)


def test_a_websocket() -> None:
    """Only an upgrade is tied through."""
    assert Request.parse(head(HOST, "Upgrade: WebSocket", "Connection: Upgrade")).upgrades
    assert not Request.parse(head(HOST)).upgrades


async def browser(reader: StreamReader, writer: StreamWriter) -> None:
    """Answers as Chromium does: without closing; and echoes what follows an upgrade."""
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
    """That of IPv4: with 0 each protocol draws its own."""
    return next(int(one.getsockname()[1]) for one in server.sockets if one.family == socket.AF_INET)


def with_proxy(play: Callable[[StreamReader, StreamWriter], Awaitable[bytes]]) -> bytes:
    """What `play` returns over a connection to a proxy of that browser."""

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
    """The Host passes unchanged; a second request on the connection, which nobody has looked at, is not answered."""

    async def play(reader: StreamReader, writer: StreamWriter) -> bytes:
        writer.write(head(HOST) + head("Host: evil.example", "Origin: https://evil.example"))
        return await reader.read()

    answer = with_proxy(play)
    assert answer == b"HTTP/1.1 200 OK\r\nContent-Length:15\r\nConnection: close\r\n\r\n127.0.0.1:40000"


def test_refusal_in_words() -> None:
    """A refused page is told why, and nothing of it reaches the browser."""

    async def play(reader: StreamReader, writer: StreamWriter) -> bytes:
        writer.write(head(HOST, "Origin: https://evil.example", "Upgrade: websocket"))
        return await reader.read()

    answer = with_proxy(play)
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert answer.endswith(b"\r\n\r\na page from https://evil.example may not use this port\n")


def test_websocket_both_ways() -> None:
    """After an upgrade bytes pass both ways until one side ends."""

    async def play(reader: StreamReader, writer: StreamWriter) -> bytes:
        writer.write(head(HOST, "Upgrade: websocket", line="GET /devtools/browser/1 HTTP/1.1"))
        begin = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"frame")
        answer = await reader.readexactly(5)
        writer.write_eof()
        return begin + answer + await reader.read()

    assert with_proxy(play) == b"HTTP/1.1 101 Switching\r\n\r\nFRAME"

"""HTTP as clients see it, on a real socket: requests one after another, bodies, errors and connections that end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from starlette.types import Message, Receive, Scope, Send

from syntheticnet.api import http_connection
from syntheticnet.api.http_connection import ApiConnection

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
LIMIT_S = 10


class Application:
    """Answers with method, path, the number of bytes and the state; some paths behave otherwise."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.received = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/refused":
            await self._answer(send, 413, b"too long")
            return
        if scope["path"] == "/fails":
            raise ValueError("broken on purpose")
        if scope["path"] == "/half":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            raise ValueError("broken on purpose")
        await self._body(receive)
        if scope["path"] == "/waits":
            self.messages.append(await receive())
            return
        text = f"{scope['method']} {scope['path']} {self.received} {scope['query_string'].decode()} {scope['state']}"
        await self._answer(send, 200, text.encode())

    async def _body(self, receive: Receive) -> None:
        self.received, more = 0, True
        while more:
            message = await receive()
            self.received += len(message.get("body", b""))
            more = message.get("more_body", False)

    async def _answer(self, send: Send, status: int, text: bytes) -> None:
        headers = [(b"content-length", b"%d" % len(text))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text})


def conversed(talk: Callable[[Reader, Writer], Awaitable[None]], state: dict[str, object] | None = None) -> Application:
    """Have a client talk to a served application over a socket of loopback."""
    application = Application()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(partial(ApiConnection, application, state or {}), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            async with asyncio.timeout(LIMIT_S):
                await talk(reader, writer)
        finally:
            writer.close()
            server.close()

    asyncio.run(run())
    return application


def head(method: str, path: str, *lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in (f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "")).encode()


async def answer(reader: Reader, body: bool = True) -> tuple[int, bytes]:
    """Status and body of the next answer."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
    length = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length:")), 0)
    return int(lines[0].split()[1]), await reader.readexactly(length) if body else b""


def test_requests_that_come_at_once() -> None:
    """They are answered in their order, on the same connection."""

    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(
            head("GET", "/one?a=1") + head("POST", "/two", "Content-Length: 3") + b"abc" + head("GET", "/%C3%A9")
        )
        assert await answer(reader) == (200, b"GET /one 0 a=1 {}")
        assert await answer(reader) == (200, b"POST /two 3  {}")
        assert await answer(reader) == (200, "GET /é 0  {}".encode())

    conversed(talk)


def test_the_state_of_a_connection() -> None:
    """Each request of the connection has it."""

    async def talk(reader: Reader, writer: Writer) -> None:
        for _ in range(2):
            writer.write(head("GET", "/"))
            assert await answer(reader) == (200, b"GET / 0  {'has_token': True}")

    conversed(talk, {"has_token": True})


def test_a_long_body_in_chunks() -> None:
    """It arrives whole, although more than fits the buffers."""
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"

    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(head("POST", "/", "Transfer-Encoding: chunked") + chunk * 40 + b"0\r\n\r\n")
        assert await answer(reader) == (200, b"POST / %d  {}" % (40 * 0x10000))

    conversed(talk)


def test_a_body_that_is_refused() -> None:
    """The rest of it is read and dropped, and the next request answered."""

    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(head("POST", "/refused", "Content-Length: 1000000"))
        assert await answer(reader) == (413, b"too long")
        writer.write(b"x" * 1_000_000 + head("GET", "/next"))
        assert await answer(reader) == (200, b"GET /next 0  {}")

    conversed(talk)


def test_a_client_that_asks_before_it_sends() -> None:
    """`Expect: 100-continue` is answered when the application reads the body."""

    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(head("POST", "/", "Content-Length: 3", "Expect: 100-continue"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        assert await answer(reader) == (200, b"POST / 3  {}")

    conversed(talk)


def test_head_has_no_body() -> None:
    """Its length is that of GET."""

    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(head("HEAD", "/") + head("GET", "/next"))
        assert await answer(reader, body=False) == (200, b"")
        assert (await answer(reader))[1] == b"GET /next 0  {}"

    conversed(talk)


@pytest.mark.parametrize("request_", [head("GET", "/", "Connection: close"), b"GET / HTTP/1.0\r\n\r\n"])
def test_the_last_request(request_: bytes) -> None:
    """The connection ends after its answer."""

    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(request_)
        assert (await reader.read()).endswith(b"GET / 0  {}")

    conversed(talk)


def test_an_idle_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while (5 s) without another request; one in time keeps it."""
    monkeypatch.setattr(http_connection, "IDLE_S", 0.3)

    async def talk(reader: Reader, writer: Writer) -> None:
        for _ in range(4):
            writer.write(head("GET", "/"))
            assert (await answer(reader))[0] == 200
            await asyncio.sleep(0.15)
        assert await reader.read() == b""

    conversed(talk)


@pytest.mark.parametrize(
    "request_",
    [b"\x00\xff\r\n\r\n", b"GET /" + b"a" * 70_000, head("POST", "/", "Transfer-Encoding: chunked") + b"zz\r\n"],
)
def test_what_is_not_http(request_: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """It is answered with a 400 and the end of the connection, and the log stays empty."""

    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(request_)
        assert (await reader.read()).startswith(b"HTTP/1.1 400 Bad Request\r\n")

    conversed(talk)
    assert capfd.readouterr().err == ""


def test_a_failure_of_the_application(capfd: pytest.CaptureFixture[str]) -> None:
    """The client gets a 500, and the log the reason."""

    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(head("GET", "/fails"))
        assert (await reader.read()).startswith(b"HTTP/1.1 500 Internal Server Error\r\n")

    conversed(talk)
    assert "GET '/fails' failed" in (log := capfd.readouterr().err)
    assert "broken on purpose" in log


def test_a_failure_in_the_middle_of_an_answer() -> None:
    """The client sees that the answer is not complete."""

    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(head("GET", "/half"))
        assert (await reader.read()).endswith(b"\r\n\r\n4\r\nhalf\r\n")  # without the last chunk

    conversed(talk)


def test_a_client_that_leaves() -> None:
    """The application learns of it."""

    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(head("GET", "/waits"))
        await asyncio.sleep(0.1)
        assert not reader.at_eof()
        writer.close()
        await asyncio.sleep(0.1)

    assert conversed(talk).messages == [{"type": "http.disconnect"}]

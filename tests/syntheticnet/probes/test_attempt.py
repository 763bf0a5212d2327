"""Tries on a server of this process: what is an answer, what is an error, and what is too late to tell."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from syntheticnet.probes.attempt import attempt
from syntheticnet.probes.loop_watch import LoopWatch
from syntheticnet.probes.numbers import TryResult
from syntheticnet.probes.probe import Kind, Probe

pytestmark = pytest.mark.issue(13)

WAIT_S = 0.1
HEAD = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    "a length": HEAD + b"Content-Length: 2\r\n\r\nok",
    "chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;x=1\r\nok\r\n0\r\n\r\n",
    "an end": HEAD + b"\r\nok",
    "something before": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + HEAD + b"Content-Length: 0\r\n\r\n",
}
BROKEN = {
    "nothing": b"",
    "no HTTP": b"SSH-2.0-x\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nConte",
    "half a body": HEAD + b"Content-Length: 20\r\n\r\nok",
    "a bad length": HEAD + b"Content-Length: many\r\n\r\nok",
    "a bad chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
}


class Answering:
    """A server that answers each request with the same bytes, after a while."""

    def __init__(self, answer: bytes, wait_s: float = 0.0) -> None:
        self.heard = list[bytes]()
        self._answer = answer
        self._wait_s = wait_s

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.heard.append(await reader.readuntil(b"\r\n\r\n"))
            await asyncio.sleep(self._wait_s)
            writer.write(self._answer)
        except EOFError:  # it sent nothing
            pass
        finally:
            writer.close()


def tried(server: Answering, kind: Kind = "http", timeout_s: float = 5.0) -> TryResult:
    async def run() -> TryResult:
        loop = asyncio.get_running_loop()
        async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as serving:
            port = serving.sockets[0].getsockname()[1]
            probe = Probe("web", kind, "localhost", port, "/health?x=1", False, 1.0, timeout_s)
            return await attempt(probe, LoopWatch(loop))

    return on_time(run)


def on_time(run: Callable[[], Coroutine[Any, Any, TryResult]], tries: int = 20) -> TryResult:
    """The first try that this machine was not too slow for."""
    for _ in range(tries):
        outcome = asyncio.run(run())
        if not outcome.late:
            return outcome
    pytest.fail(f"this machine was too slow for {tries} tries")


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_an_answer(answer: bytes) -> None:
    """It is read to its end, however that is marked; the time is that from the connection on."""
    server = Answering(answer, WAIT_S)
    outcome = tried(server)
    assert (outcome.status, outcome.failed) == (200, False)
    assert outcome.ms is not None
    assert outcome.ms >= WAIT_S * 1000
    assert server.heard[0].startswith(b"GET /health?x=1 HTTP/1.1\r\nHost: localhost:")


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer(answer: bytes) -> None:
    """It is an error, not an exception."""
    assert tried(Answering(answer)) == TryResult(failed=True)


@pytest.mark.parametrize(("status", "failed"), [(204, False), (302, False), (399, False), (400, True), (503, True)])
def test_a_status(status: int, failed: bool) -> None:
    """From 400 on it is an error; a redirection is an answer, and not followed."""
    outcome = tried(Answering(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()))
    assert (outcome.status, outcome.failed) == (status, failed)


def test_a_timeout() -> None:
    """The time is for everything together."""
    assert tried(Answering(ANSWERS["a length"], 5.0), timeout_s=0.3) == TryResult(failed=True)


def test_a_connection() -> None:
    """Of TCP alone nothing is sent."""
    server = Answering(b"")
    outcome = tried(server, "tcp")
    assert (outcome.status, outcome.failed, outcome.ms is not None) == (None, False, True)
    assert server.heard == []


@pytest.mark.parametrize("host", ["localhost", "nobody.invalid"])
def test_nobody(host: str) -> None:
    """A closed port and a name that does not resolve are errors."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    probe = Probe("web", "tcp", host, port, "/", False, 1.0, 5.0)

    async def run() -> TryResult:
        return await attempt(probe, LoopWatch(asyncio.get_running_loop()))

    assert on_time(run) == TryResult(failed=True)


def test_a_machine_that_is_too_slow() -> None:
    """A try during which this process stood still is neither a time nor an error."""

    async def run() -> TryResult:
        loop = asyncio.get_running_loop()
        server = Answering(ANSWERS["a length"], WAIT_S)
        async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as serving:
            probe = Probe("web", "http", "127.0.0.1", serving.sockets[0].getsockname()[1], "/", False, 1.0, 5.0)
            loop.call_later(WAIT_S / 2, time.sleep, WAIT_S)
            return await attempt(probe, LoopWatch(loop))

    assert asyncio.run(run()) == TryResult(late=True)

"""The API's server on a real socket: headers decide nothing, and broken requests leave no traceback in the log."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from syntheticnet.api import process as api
from syntheticnet.api.access import AccessCheck
from syntheticnet.api.control_client import ControlClient
from syntheticnet.api.server import serve
from syntheticnet.api.state_answer import Identity
from syntheticnet.conditions import Conditions

from ..site import HOST

pytestmark = pytest.mark.issue(10)

CHANGE = b'{"egress": {"loss": "0%"}}'


class Served:
    """An API in a separate process, requested from loopback like the application does."""

    def __init__(self, port: int, log: Path) -> None:
        self._port = port
        self._log = log

    def ask(self, request: bytes) -> bytes:
        """The answer to raw bytes, until the connection or the request ends."""
        with socket.create_connection(("127.0.0.1", self._port), 5) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def change(self, *headers: str) -> str:
        """The status line of the answer to a change with additional headers."""
        lines = "".join(f"{line}\r\n" for line in ("Host: localhost", "Connection: close", *headers))
        head = f"PATCH /v1/conditions HTTP/1.1\r\n{lines}Content-Length: {len(CHANGE)}\r\n\r\n"
        return self.ask(head.encode() + CHANGE).split(b"\r\n")[0].decode()

    def logged(self) -> list[str]:
        """The lines of its log, once it has handled everything sent before."""
        assert b"monotonic_ns" in self.ask(b"GET /v1/clock HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return self._log.read_text().splitlines()


async def _nothing() -> None:
    return None


def _serve(control_port: socket.socket, line: socket.socket, log: Path) -> None:
    sys.stdout = sys.stderr = log.open("w", buffering=1)
    access = AccessCheck(frozenset({HOST}))
    serve(api.make(ControlClient(line), Identity("client1", "call", Conditions()), access), [control_port], _nothing())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    log = tmp_path_factory.mktemp("served") / "log"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, socket.create_server(("127.0.0.1", 0)) as control_port:
        theirs.setblocking(False)
        pid = os.fork()
        if not pid:
            try:
                _serve(control_port, theirs, log)
            finally:
                os._exit(1)
        try:
            yield Served(control_port.getsockname()[1], log)
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [f"X-Forwarded-For: {HOST}"],
        [f"X-Forwarded-For: 127.0.0.1, {HOST}"],
        [f"Forwarded: for={HOST};proto=http"],
        [f"X-Real-IP: {HOST}"],
        ["X-Forwarded-Host: localhost", f"X-Forwarded-For: {HOST}", "X-Forwarded-Proto: http"],
        [f"X-Client-IP: {HOST}", f"True-Client-IP: {HOST}", f"CF-Connecting-IP: {HOST}", f"Via: 1.1 {HOST}"],
    ],
)
def test_no_header_grants_access(served: Served, headers: list[str]) -> None:
    """An application that claims in a header to be the host, or to act for it, still cannot change its network."""
    assert served.change(*headers) == "HTTP/1.1 403 Forbidden"


@pytest.mark.parametrize(
    "request_",
    [
        b"POST /v1/stats HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
        b"POST /v1/stats HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"PATCH /v1/conditions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
        b"GET /v1/clock HTTP/1.1\r\nHost: localhost\r\n",
        b"GET /v1/clock\r\n\r\n",
        b"\x00\xff\x16\x03\x01" * 20,
        b"POST /v1/stats HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 5001 + b"\r\n\r\n{}",
        b"POST /v1/stats HTTP/1.1\r\nHost: localhost\r\nContent-Length: \xd9\xa1\r\n\r\n{}",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /v1/clock HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET /top/%ff%00%0a.profile HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"POST /v1/stats HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 5004\r\n\r\n[1"
        + b"1" * 5001
        + b"]",
    ],
)
def test_a_broken_request_leaves_at_most_one_line_in_the_log(served: Served, request_: bytes) -> None:
    """Aborted requests and bytes that are not HTTP leave no traceback, and the API still answers."""
    before = served.logged()
    answer = served.ask(request_)
    assert not answer.startswith(b"HTTP/1.1 5")
    result = served.logged()[len(before) :]
    assert len(result) <= 1, result

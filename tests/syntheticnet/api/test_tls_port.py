"""The control port for other machines: nobody gets in without the lab's certificate and token."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from syntheticnet.api import process as api
from syntheticnet.api.access import AccessCheck
from syntheticnet.api.control_client import ControlClient
from syntheticnet.api.server import serve
from syntheticnet.api.state_answer import Identity
from syntheticnet.api.tls_port import HEAD_BYTES, TlsPort
from syntheticnet.conditions import Conditions

pytestmark = pytest.mark.issue(14)

TOKEN = "correct-horse"
LONG, SHORT = 200_000, 4096
CLOCK = "GET /v1/clock HTTP/1.1\r\nHost: 10.0.0.1\r\nConnection: close\r\n{}\r\n"
CHANGE = "PATCH /v1/conditions HTTP/1.1\r\nHost: 10.0.0.1\r\nContent-Length: 2\r\nConnection: close\r\n{}\r\n{{}}"


def _bearer(token: str) -> str:
    return f"Authorization: Bearer {token}\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and its certificate, as a lab has them."""
    folder = tmp_path_factory.mktemp("tls")
    key, shown = folder / "key.pem", folder / "certificate.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=synthlab"
    subprocess.run(["openssl", *words.split(), "-keyout", key, "-out", shown], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text(key.read_text() + shown.read_text())
    return both


@contextmanager
def serving(serve_one: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port whose connections are served in turn, and then closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        serve_one(connection)

        threading.Thread(target=answer, daemon=True).start()
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    """A port that sends back what it gets, like a screen behind a tunnel."""

    def repeat(connection: socket.socket) -> None:
        while data := connection.recv(65536):
            connection.sendall(data)

    with serving(repeat) as port:
        yield port


@pytest.fixture(scope="module")
def ending() -> Iterator[int]:
    """A port that sends LONG bytes and closes the connection."""
    with serving(lambda connection: connection.sendall(bytes(LONG))) as port:
        yield port


class Remote:
    """A machine elsewhere."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.port = port
        self._context = ssl.create_default_context(cafile=str(certificate))
        self._context.check_hostname = False

    def connect(self, buffer: int | None = None) -> ssl.SSLSocket:
        """A connection, whose kernel keeps so many bytes that have not been read."""
        plain = socket.socket()
        if buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        plain.settimeout(5)
        plain.connect(("127.0.0.1", self.port))
        return self._context.wrap_socket(plain)

    def ask(self, request: str) -> bytes:
        """The answer, until the port closes the connection."""
        with self.connect() as connection:
            connection.sendall(request.encode())
            return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture(scope="module")
def remote(certificate: Path, echo: int, ending: int) -> Iterator[Remote]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, socket.create_server(("127.0.0.1", 0)) as plain, socket.create_server(("127.0.0.1", 0)) as port:
        theirs.setblocking(False)
        port.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SHORT)
        pid = os.fork()
        if not pid:
            try:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate)
                tls = TlsPort(port, context, hashlib.sha256(TOKEN.encode()).hexdigest(), {echo, ending})
                identity = Identity("client1", "call", Conditions())
                serve(api.make(ControlClient(theirs), identity, AccessCheck(())), [plain], asyncio.sleep(0), tls)
            finally:
                os._exit(1)
        try:
            yield Remote(port.getsockname()[1], certificate)
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def test_the_token_gives_access(remote: Remote) -> None:
    assert b"monotonic_ns" in remote.ask(CLOCK.format(_bearer(TOKEN)))


def test_whoever_has_the_token_may_change(remote: Remote) -> None:
    """The forwarder is missing here, so the change ends with 503, not with 403."""
    assert remote.ask(CHANGE.format(_bearer(TOKEN))).startswith(b"HTTP/1.1 503 ")


@pytest.mark.parametrize(
    "header",
    [
        "",
        _bearer(""),
        _bearer("wrong"),
        _bearer(TOKEN[:-1]),
        _bearer(hashlib.sha256(TOKEN.encode()).hexdigest()),
        f"Authorization: Basic {TOKEN}\r\n",
        f"X-Authorization: Bearer {TOKEN}\r\n",
        f"Cookie: token={TOKEN}\r\n",
        "X-Forwarded-For: 127.0.0.1\r\n",
    ],
)
def test_without_the_token_nothing_is_answered(remote: Remote, header: str) -> None:
    for request in (CLOCK, CHANGE, "CONNECT localhost:1 HTTP/1.1\r\n{}\r\n"):
        answer = remote.ask(request.format(header))
        assert answer.startswith(b"HTTP/1.1 401 "), answer
        assert answer.endswith(b"\r\n\r\n"), answer


def test_what_was_sent_before_the_end_arrives(remote: Remote, ending: int) -> None:
    """Also if it is read late, and the kernel keeps little: the port that it came from is closed by then."""
    with remote.connect(SHORT) as connection:
        connection.sendall(f"CONNECT localhost:{ending} HTTP/1.1\r\n{_bearer(TOKEN)}\r\n".encode())
        time.sleep(0.5)
        received = sum(len(piece) for piece in iter(lambda: connection.recv(65536), b""))
    assert received == len(b"HTTP/1.1 200 OK\r\n\r\n") + LONG


def test_a_tunnel_leads_to_a_port_of_the_container(remote: Remote, echo: int) -> None:
    data = os.urandom(300_000)
    with remote.connect() as connection:
        connection.sendall(f"CONNECT localhost:{echo} HTTP/1.1\r\n{_bearer(TOKEN)}\r\n".encode())
        assert connection.recv(1000) == b"HTTP/1.1 200 OK\r\n\r\n"
        sending = threading.Thread(target=connection.sendall, args=(data,))
        sending.start()
        received = b""
        while len(received) < len(data):
            received += connection.recv(65536)
        sending.join()
    assert received == data


@pytest.mark.parametrize("target", ["localhost:22", "localhost:", "example.com:80", "127.0.0.1:{echo}", "localhost:x"])
def test_a_tunnel_leads_nowhere_else(remote: Remote, echo: int, target: str) -> None:
    asked = f"CONNECT {target.format(echo=echo)} HTTP/1.1\r\n{_bearer(TOKEN)}\r\n"
    assert remote.ask(asked).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    "garbage",
    [b"GET /v1/clock HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01" + bytes(2000), os.urandom(3000), b""],
)
def test_what_is_not_tls_is_cut_off(remote: Remote, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", remote.port), 15) as connection, suppress(OSError):
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        assert b"HTTP" not in b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"monotonic_ns" in remote.ask(CLOCK.format(_bearer(TOKEN)))


def test_an_endless_head_is_cut_off(remote: Remote) -> None:
    with remote.connect() as connection, suppress(OSError):
        connection.sendall(b"GET / HTTP/1.1\r\nX: " + bytes(HEAD_BYTES * 20))
        assert connection.recv(1000) == b""
    assert b"monotonic_ns" in remote.ask(CLOCK.format(_bearer(TOKEN)))

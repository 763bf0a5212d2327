"""The way to a container on another machine, against the container's own TLS port."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace

import httpx
import pytest

from syntheticnet.api.tls_port import TlsPort, TlsServer
from synthlab.contract import TLS_PORT
from synthlab.control.backend import Backend
from synthlab.control.port_tunnel import LocalPort, connect, local_port
from synthlab.engine.containers import Container
from synthlab.engine.lab_access import LabAccess
from synthlab.errors import SynthlabError
from synthlab.testing import FakeEngine, fake_container

pytestmark = pytest.mark.issue(14)

TOKEN = "correct-horse"


class Engine(FakeEngine):
    """An engine whose labs have this access."""

    given: LabAccess | None = None

    def access(self, lab: str) -> LabAccess | None:
        return self.given


@dataclass(frozen=True)
class Far:
    """A container on another machine: its TLS port leads to its API, which answers with the request, and to `echo`."""

    engine: Engine
    container: Container
    echo: int

    @property
    def backend(self) -> Backend:
        return Backend(self.engine)


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    folder = tmp_path_factory.mktemp("tls")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=synthlab"
    made = ["openssl", *words.split(), "-keyout", str(folder / "key"), "-out", str(folder / "certificate")]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    engine = Engine()
    engine.given = LabAccess(TOKEN, (folder / "certificate").read_text())
    with socket.create_server(("127.0.0.1", 0)) as outer, socket.create_server(("127.0.0.1", 0)) as echo:
        port, echoing = outer.getsockname()[1], echo.getsockname()[1]
        served = serve(TlsPort(outer, context, engine.given.digest, {echoing}), echo)
        threading.Thread(target=asyncio.run, args=(served,), daemon=True).start()
        container = replace(fake_container("call", "client1"), node="worker", host="127.0.0.1", ports={TLS_PORT: port})
        yield Far(engine, container, echoing)


async def serve(port: TlsPort, echo: socket.socket) -> None:
    answering = set[asyncio.Task[None]]()

    async def answer(connected: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connected)
        asked = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(asked), asked))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def adopt(connected: socket.socket) -> None:
        answering.add(asyncio.create_task(answer(connected)))

    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(1 << 16):
            writer.write(piece)
            await writer.drain()
        writer.close()

    echoing = await asyncio.start_server(repeat, sock=echo)
    async with echoing:
        await TlsServer(port, adopt).serve()


def received(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (piece := connection.recv(1 << 16)):
        data += piece
    return data


def test_a_port_of_the_container(far: Far) -> None:
    """Bytes pass both ways at once, and the end of one side is the end of both."""
    data = os.urandom(3_000_000)
    with connect(far.backend, far.container, far.echo) as connection:
        sending = threading.Thread(target=connection.sendall, args=(data,))
        sending.start()
        assert received(connection, len(data)) == data
        sending.join()
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""


def test_what_cannot_be_reached(far: Far) -> None:
    with pytest.raises(SynthlabError, match="client1: its port 22 cannot be reached: nothing answers there"):
        connect(far.backend, far.container, 22)
    with pytest.raises(SynthlabError, match="client1: its port 22 cannot be reached: its container publishes none yet"):
        connect(far.backend, replace(far.container, ports={}), 22)
    with pytest.raises(SynthlabError, match="client1: the manager has lost what opens the lab's APIs"):
        connect(Backend(Engine()), far.container, 22)


def test_another_machine_with_another_certificate(far: Far) -> None:
    """It gets no token."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        place = replace(far.container, ports={TLS_PORT: other.getsockname()[1]})
        heard = list[bytes]()

        def listen() -> None:
            connection, _ = other.accept()
            with connection, suppress(OSError):
                heard.append(connection.recv(1 << 16))

        threading.Thread(target=listen, daemon=True).start()
        with pytest.raises(SynthlabError, match="client1: its port 22 cannot be reached"):
            connect(far.backend, place, 22)
    assert all(TOKEN.encode() not in data for data in heard)


@pytest.fixture
def page(far: Far) -> Iterator[LocalPort]:
    """A port of this machine that leads to the container's API."""
    with closing(local_port(far.backend, far.container, far.container.api_port)) as port:
        yield port


def test_a_browser_needs_no_token(page: LocalPort) -> None:
    """Each of its requests gets the lab's, in place of one that it has sent, and is the only one of its connection."""
    own = {"Origin": f"http://127.0.0.1:{page.number}", "Sec-Fetch-Site": "same-origin", "Authorization": "Bearer x"}
    for _ in range(2):
        answer = httpx.post(f"http://127.0.0.1:{page.number}/v1/x", headers=own, content=b"body", trust_env=False)
        sent = [line.strip().lower() for line in answer.text.splitlines()]
        assert sent[0] == "post /v1/x http/1.1"
        assert [line for line in sent if line.startswith("authorization")] == [f"authorization: bearer {TOKEN}"]
        assert [line for line in sent if line.startswith("connection")] == ["connection: close"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_gets_nothing(page: LocalPort, headers: dict[str, str]) -> None:
    """Neither by its own name, nor by one that was made to point here (DNS rebinding)."""
    answer = httpx.get(f"http://127.0.0.1:{page.number}/v1/state", headers=headers, trust_env=False)
    assert (answer.status_code, answer.content) == (403, b"")


@pytest.mark.parametrize("garbage", [b"", b"GET / HTTP/1.1\r\n", b"\x16\x03\x01" + bytes(100), bytes(100_000)])
def test_what_is_no_request_gets_nothing(page: LocalPort, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", page.number), 5) as connection, suppress(OSError):
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        assert b"200" not in received(connection, 1 << 20)

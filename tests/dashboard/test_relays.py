"""Relays to a client's API, screen and debugger, near and far: real servers on loopback in place of containers."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve

from synthlab.contract import API_PORT, CDP_PORT, VNC_PORT
from synthlab.control.backend import Backend
from synthlab.control.port_tunnel import LocalPort, connect_through
from synthlab.engine.api import User
from synthlab.engine.containers import Container
from synthlab.testing import FakeEngine, fake_backend

from .served import Served, serving

CLIENT1 = "/v1/labs/call/clients/client1"


class GuestEngine(FakeEngine):
    """An engine whose containers are this machine: programs of `guest/` run here, and find the servers of the test."""

    inner: Mapping[int, int] = {}

    def exec_command(
        self, container: Container, command: Sequence[str], terminal: bool = False, user: User = "application"
    ) -> list[str]:
        *program, port = command
        return [sys.executable, *program[1:], str(self.inner[int(port)])]


class Events(BaseHTTPRequestHandler):
    """Sends two events, and then one every 50 ms for as long as somebody reads."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("set-cookie", "a=b")
        self.end_headers()
        try:
            while True:
                self.wfile.write(f"data: {self.path} {self.headers.get('cookie')}\n\n".encode())
                time.sleep(0.05)
        except OSError:
            pass

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def echoing() -> Iterator[int]:
    """A server that greets and returns what it gets, as a screen does in a way; its port."""

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.sendall(b"RFB 003.008\n")
            while piece := connection.recv(1 << 16):
                connection.sendall(piece)

    def accept(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, args=(listening,), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def browsing() -> Iterator[int]:
    """A browser's debugger with one target, which returns what it gets, and a large answer to `large`."""

    def answer(connection: ServerConnection) -> None:
        for message in connection:
            connection.send("x" * (1 << 21) if message == "large" else message)

    def page(_: ServerConnection, request: Request) -> Response | None:
        if request.path == "/devtools/page/1":
            return None
        host = request.headers["host"]
        targets = [{"id": "1", "webSocketDebuggerUrl": f"ws://{host}/devtools/page/1"}]
        status = HTTPStatus.OK if request.path.startswith("/json") else HTTPStatus.NOT_FOUND
        body = json.dumps(targets).encode()
        headers = Headers([("content-type", "application/json"), ("content-length", str(len(body)))])
        return Response(status, status.phrase, headers, body)

    with serve(answer, "127.0.0.1", 0, process_request=page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join()


@contextmanager
def sending_events() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Events) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@contextmanager
def hanging() -> Iterator[int]:
    """A debugger that accepts one WebSocket, and then says and reads nothing more."""

    def answer(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            protocol = ServerProtocol()
            protocol.receive_data(connection.recv(1 << 16))
            (request,) = protocol.events_received()
            assert isinstance(request, Request)
            protocol.send_response(protocol.accept(request))
            connection.sendall(b"".join(protocol.data_to_send()))
            ended.wait(30)

    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        yield listening.getsockname()[1]
        ended.set()
        thread.join()


@pytest.fixture(params=["near", "far"])
def relaying(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """A server whose client1 has a screen, a debugger and events; near, or behind an engine on another machine."""
    near = request.param == "near"
    _, by_id = fake_backend("call")
    backend, _ = fake_backend("call")
    with ExitStack() as stack:
        ports = {
            VNC_PORT: stack.enter_context(echoing()),
            CDP_PORT: stack.enter_context(browsing()),
            API_PORT: stack.enter_context(sending_events()),
        }
        first, second = backend.engine.containers()
        engine = GuestEngine([replace(first, ports=ports if near else dict.fromkeys(ports, 1)), second])
        engine.inner = ports
        apis = {api.name: api for api in by_id.values()}
        own = Backend(engine, lambda container: apis[container.client], is_near=lambda container: near)
        yield stack.enter_context(serving(tmp_path, own, apis))


def opened(served: Served, path: str, **headers: str) -> ClientConnection:
    sent = {"authorization": f"Bearer {served.access.token}", **headers}
    address = f"ws://127.0.0.1:{served.access.port}{path}"
    return connect(address, additional_headers=sent, max_size=None, proxy=None, compression=None)


def test_screen(relaying: Served) -> None:
    """The bytes of the screen, both ways, until one end closes."""
    with opened(relaying, f"{CLIENT1}/screen") as viewer:
        assert viewer.recv() == b"RFB 003.008\n"
        viewer.send(b"x" * 300_000)
        received = b""
        while len(received) < 300_000:
            piece = viewer.recv()
            assert isinstance(piece, bytes)
            received += piece
        assert received == b"x" * 300_000


def test_debugger(relaying: Served) -> None:
    """Its targets have addresses that lead through the relay, and there the protocol is passed on."""
    targets = relaying.ask("GET", f"{CLIENT1}/cdp/json/list")
    address = targets[0]["webSocketDebuggerUrl"]
    assert address == f"ws://127.0.0.1:{relaying.access.port}{CLIENT1}/cdp/devtools/page/1"
    with opened(relaying, f"{CLIENT1}/cdp/devtools/page/1") as tool:
        tool.send('{"id": 1}')
        assert tool.recv() == '{"id": 1}'
        tool.send("large")
        assert len(tool.recv()) == 1 << 21
    assert relaying.http.get(f"{CLIENT1}/cdp/other").status_code == 404


def test_events(relaying: Served) -> None:
    """A client's events are passed on as they come; without our cookies, and without its."""
    with relaying.http.stream("GET", f"{CLIENT1}/api/v1/events?only=state", headers={"cookie": "secret=1"}) as answer:
        assert "set-cookie" not in answer.headers
        assert answer.headers["content-security-policy"] == "sandbox"
        lines = answer.iter_lines()
        event = "data: /v1/events?only=state None"
        assert [next(lines) for _ in range(3)] == [event, "", event]


def test_a_viewer_that_leaves(relaying: Served) -> None:
    """The connection to the client is closed at once, although the client goes on sending."""
    with relaying.http.stream("GET", f"{CLIENT1}/api/v1/events") as answer:
        lines = answer.iter_lines()
        next(lines)
        assert len(relaying.dashboard.relayed) == 1
    relaying.wait_until(lambda: not relaying.dashboard.relayed)


def test_the_end_of_the_server_ends_relays(relaying: Served) -> None:
    with relaying.http.stream("GET", f"{CLIENT1}/api/v1/events") as answer:
        threading.Timer(0.2, relaying.end).start()
        begun = time.monotonic()
        for _ in answer.iter_lines():
            pass
        assert time.monotonic() - begun < 2


def test_a_browser_that_hangs(tmp_path: Path) -> None:
    """It does not hold the end of the server up, nor that of a viewer."""
    known, by_id = fake_backend("call")
    with hanging() as port:
        containers = [replace(one, ports={CDP_PORT: port}) for one in known.engine.containers()]
        stuck = Backend(FakeEngine(containers), lambda container: by_id[container.id])
        with serving(tmp_path, stuck) as served, opened(served, f"{CLIENT1}/cdp/devtools/page/1") as tool:
            served.end()
            begun = time.monotonic()
            with pytest.raises(ConnectionClosed):
                tool.recv()
        assert time.monotonic() - begun < 4


@pytest.mark.parametrize("path", ["cdp/json", "api/v1/events"])
def test_a_client_that_does_not_begin_to_answer(path: str, tmp_path: Path) -> None:
    """It does not hold the end of the server up either: whoever waits for it gets an error."""
    known, by_id = fake_backend("call")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ports = dict.fromkeys((CDP_PORT, API_PORT), silent.getsockname()[1])
        containers = [replace(one, ports=ports) for one in known.engine.containers()]
        stuck = Backend(FakeEngine(containers), lambda container: by_id[container.id])
        begun = time.monotonic()
        with serving(tmp_path, stuck) as served:
            threading.Timer(0.2, served.end).start()
            assert "no answer" in served.error("GET", f"{CLIENT1}/{path}", status=503)
        assert time.monotonic() - begun < 4


def test_api(relaying: Served) -> None:
    """Any request to the client's own API, with its own status; its pages cannot run here."""
    answer = relaying.http.get(f"{CLIENT1}/api/v1/state?x=1")
    assert answer.json()["name"] == "client1"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert relaying.error("DELETE", f"{CLIENT1}/api/v1/a%2Fb", status=404) == "/v1/a%2Fb: no such path"
    assert relaying.error("GET", "/v1/labs/call/clients/x/api/v1/state", status=404).startswith("no client 'x'")


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("/v1/labs/call/clients/client2/screen", 409, "client2 has no screen"),
        ("/v1/labs/call/clients/client2/cdp/devtools/page/1", 409, "client2 has no browser"),
        ("/v1/labs/call/clients/x/screen", 404, "no client 'x'"),
        ("/v1/labs/x/clients/client1/screen", 404, "no lab 'x'"),
        (f"{CLIENT1}/cdp/devtools/page/2", 404, "/devtools/page/2: no such target"),
    ],
)
def test_what_is_not_there(path: str, status: int, expected: str, relaying: Served) -> None:
    """A WebSocket is refused before it opens, with the reason."""
    with pytest.raises(InvalidStatus) as refused:
        opened(relaying, path)
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body or b"")["error"].startswith(expected)


def test_a_local_port() -> None:
    """A port of this machine leads through the engine, for programs that know nothing of it."""
    container = fake_backend("call")[0].engine.containers()[0]
    with echoing() as port:
        engine = GuestEngine()
        engine.inner = {VNC_PORT: port}
        local = LocalPort(lambda: connect_through(engine, container, VNC_PORT))
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", local.number), 5) as viewer:
                assert viewer.recv(100) == b"RFB 003.008\n"
                viewer.sendall(b"hello")
                assert viewer.recv(100) == b"hello"
        local.close()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", local.number), 1)


def test_nothing_answers(tmp_path: Path) -> None:
    """A debugger that has gone is an error of one line, not a hanging request."""
    backend, by_id = fake_backend("call")
    containers = [replace(one, ports={CDP_PORT: 1, API_PORT: 1}) for one in backend.engine.containers()]
    gone = Backend(FakeEngine(containers), lambda container: by_id[container.id])
    with serving(tmp_path, gone) as served:
        for path in ("cdp/json", "api/v1/events"):
            assert "cannot be reached" in served.error("GET", f"{CLIENT1}/{path}", status=503)

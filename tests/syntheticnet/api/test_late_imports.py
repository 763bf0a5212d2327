"""The API imports nothing after its start: the application may then be able to change the container's files."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from ..api_description import described
from ..site import Forwarder

API = """
import socket, sys
from syntheticnet.supervisor.without_openssl import without_openssl
with without_openssl():
    from syntheticnet.api import process as api
from syntheticnet.api.access import AccessCheck
from syntheticnet.api.remote_names import RemoteNames
from syntheticnet.api.server import serve
from syntheticnet.api.state_answer import Identity
from syntheticnet.api.control_client import ControlClient
from syntheticnet.conditions import Conditions

class Late:
    def find_spec(self, name, *_):
        print(name, flush=True)

async def begin():
    sys.meta_path.insert(0, Late())

listening, line = (socket.socket(fileno=int(number)) for number in sys.argv[1:])
identity = Identity("client1", "call", Conditions())
serve(api.make(ControlClient(line), identity, AccessCheck({"127.0.0.1"})), [listening], begin())
"""
FLOW = b'{"flows": {"no-such-host.invalid:udp": {"egress": {"loss": "5%"}}}}'


@contextmanager
def forwarding(end: socket.socket) -> Iterator[None]:
    """A fake forwarder in a thread."""
    forwarder, stop = Forwarder(end), Event()

    def run() -> None:
        while not stop.is_set():
            if select.select([end], [], [], 0.05)[0]:
                forwarder.serve()

    thread = Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        forwarder.close()


def ask(port: int, method: str, path: str, body: bytes = b"", until: bytes = b"HTTP/1.1 ") -> bytes:
    """The beginning of the answer, up to these bytes."""
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        received = b""
        while until not in received:
            part = connection.recv(65536)
            assert part, received
            received += part
        return received


def send_all_kinds(port: int) -> None:
    """A request for each path, a change, an error, a lookup, and a stream."""
    for endpoint in described().table:
        path = endpoint.path.replace("{path:path}", "index.html").replace("{direction}", "egress")
        ask(port, endpoint.method, path, FLOW if endpoint.body else b"")
    ask(port, "PATCH", "/v1/conditions?lease=1s", b'{"egress": {"loss": "5%"}}', b"200 OK")
    ask(port, "GET", "/no/such/path", b"", b" 404 ")
    ask(port, "GET", "/v1/events", b"", b"event: stats")
    ask(port, "GET", "/metrics", b"", b"synthlab_leases")


def test_no_request_imports_anything() -> None:
    """All that the API needs is loaded before it serves."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, forwarding(ours), socket.create_server(("127.0.0.1", 0)) as listening:
        for end in (ours, theirs):
            end.setblocking(False)
        fds = listening.fileno(), theirs.fileno()
        command = [sys.executable, "-c", API, *map(str, fds)]
        with subprocess.Popen(command, pass_fds=fds, stdout=subprocess.PIPE, text=True) as process:
            try:
                send_all_kinds(listening.getsockname()[1])
            finally:
                process.kill()
            assert process.communicate()[0].split() == []

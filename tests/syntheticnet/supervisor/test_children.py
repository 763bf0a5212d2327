"""Children that start only when somebody connects."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator

import pytest

from syntheticnet.heartbeat import Pulse
from syntheticnet.supervisor.children import Children


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def children(listening: socket.socket) -> Iterator[Children]:
    pulse, children = Pulse(), Children()

    def serve(restarts: int) -> None:
        while True:
            connection, _ = listening.accept()
            connection.sendall(f"{os.getpid()} {restarts}".encode())
            connection.close()

    children.start_when_called("api", serve, pulse, "", [listening])
    yield children
    for child in children._children:
        if child.pid:
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
    pulse.close()


def _ask(listening: socket.socket) -> tuple[int, int]:
    with socket.create_connection(listening.getsockname(), 5) as connection:
        pid, restarts = connection.recv(64).split()
    return int(pid), int(restarts)


def test_the_first_connection_starts_it(children: Children, listening: socket.socket) -> None:
    """The connection that starts it is answered, too; before it, nothing runs and nothing is judged."""
    assert children.waiting() == [listening]
    children.tick(time.monotonic())
    children.called([listening.fileno() + 1])
    assert children.waiting() == [listening]
    with socket.create_connection(listening.getsockname(), 5) as connection:
        children.called([listening.fileno()])
        pid, restarts = map(int, connection.recv(64).split())
    assert children.waiting() == []
    assert pid != os.getpid()
    assert restarts == 0
    assert _ask(listening) == (pid, 0)


def test_once_started_it_is_restarted_like_any_other(children: Children, listening: socket.socket) -> None:
    children.called([listening.fileno()])
    pid, _ = _ask(listening)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert children.ended(pid) == "api"
    assert _ask(listening)[1] == 1

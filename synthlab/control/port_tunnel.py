"""Connects to a TCP port of a client: its published port, or another way where that does not lead there.

To a machine of a swarm, it is TLS to the port of the client's API. Otherwise it is the engine: a program in the
container connects to the port, and the engine's `exec` connects us to the program; each connection has its own.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..contract import HOST
from ..engine.api import EngineApi
from ..engine.containers import Container
from ..engine.exec import guest_command
from ..errors import SynthlabError
from .backend import Backend

if TYPE_CHECKING:
    from ..engine.lab_access import LabAccess

CONNECT_S = 5.0
PIECE = 1 << 16


def connect(backend: Backend, container: Container, port: int) -> socket.socket:
    """A connection to the container's `port`. Raises SynthlabError."""
    if container.node or not backend.is_near(container):
        return connect_afar(backend, container, port)
    try:
        return socket.create_connection((HOST, container.ports[port]), CONNECT_S)
    except (KeyError, OSError) as error:
        raise SynthlabError(f"{container.title}: its port {port} cannot be reached: {error}") from None


def connect_afar(backend: Backend, container: Container, port: int) -> socket.socket:
    """The same for a container whose ports do not open on this machine."""
    if container.node:
        from .tls_tunnel import connect_over_tls

        return connect_over_tls(_access(backend, container), container, port)
    return connect_through(backend.engine, container, port)


def api_headers(backend: Backend, container: Container) -> dict[str, str]:
    """What a request to the container's API over such a connection must have."""
    if not container.node:
        return {}
    from .tls_access import authorization

    return authorization(_access(backend, container))


def _access(backend: Backend, container: Container) -> LabAccess:
    access = backend.engine.access(container.lab)
    if access is None:
        raise SynthlabError(f"{container.title}: the manager has lost what opens the lab's APIs: bring it up again")
    return access


def connect_through(engine: EngineApi, container: Container, port: int) -> socket.socket:
    """The same through a program in the container, which ends when the connection is closed. Raises SynthlabError."""
    ours, theirs = socket.socketpair()
    command = engine.exec_command(container, guest_command("tunnel", (port,)))
    with theirs:
        try:
            process = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise SynthlabError(f"{command[0]} cannot be run: {error.strerror}; run `synthlab doctor`") from None
    # Somebody must wait for it, or it would stay as a zombie.
    threading.Thread(target=process.wait, daemon=True).start()
    return ours


class LocalPort:
    """A port on 127.0.0.1 that leads to a client's port, as a published one would; until `close`.

    `admit` may read from a new connection, and returns what is sent in place of that; it refuses with an OSError.
    """

    def __init__(
        self, connected: Callable[[], socket.socket], admit: Callable[[socket.socket], bytes] = lambda here: b""
    ) -> None:
        self._connected = connected
        self._admit = admit
        self._listening = socket.create_server((HOST, 0))
        self.number: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        # It wakes the thread that accepts, which closing alone would not.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listening.accept()
                threading.Thread(target=self._splice, args=(here,), daemon=True).start()

    def _splice(self, here: socket.socket) -> None:
        with here, contextlib.suppress(SynthlabError, OSError):
            begin = self._admit(here)
            with self._connected() as there:
                if begin:
                    there.sendall(begin)
                _copy_both(here, there)


def local_port(backend: Backend, container: Container, port: int) -> LocalPort:
    """A LocalPort for a container whose ports do not open on this machine."""
    if not container.node or port != container.api_port:
        return LocalPort(lambda: connect_afar(backend, container, port))
    from .page_port import with_token
    from .tls_tunnel import connect_over_tls

    access = _access(backend, container)
    return LocalPort(lambda: connect_over_tls(access, container, port), lambda here: with_token(access, here))


def _copy_both(here: socket.socket, there: socket.socket) -> None:
    back = threading.Thread(target=_copy, args=(there, here), daemon=True)
    back.start()
    _copy(here, there)
    back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Until either side ends; then both do."""
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)

"""Starts the resolver, which stands between the application and the engine's name server once `dns` is set."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from types import ModuleType

from .. import syscalls
from ..heartbeat import Pulse
from ..lookup_board import LookupBoard
from .children import Children, say
from .lookup_redirect import redirect_lookups
from .rtnetlink import NetlinkError
from .settings import Settings
from .without_openssl import without_openssl

USER = 65314
"""Without an entry in the image: it owns nothing."""

ENGINE, PORT = "127.0.0.11", 53
"""Where Docker's name server is in every container that is not on Docker's default network."""

LOOPBACK = "127.0.0.1"
RESOLV_CONF = Path("/etc/resolv.conf")

_SERVER = re.compile(r"^\s*nameserver\s+(\S+)", re.MULTILINE)


def why_not(resolv_conf: Path = RESOLV_CONF) -> str:
    """Why `dns` cannot be set in this container; empty if it can."""
    servers = _SERVER.findall(resolv_conf.read_text(errors="replace")) if resolv_conf.exists() else []
    if servers == [ENGINE]:
        return ""
    found = f"uses {', '.join(servers)}" if servers else "has no name server"
    return f"requires the engine's name server {ENGINE}, as on the network of a lab; this container {found}"


class Resolver:
    """Started with the first `dns`: nothing is between the application and the engine before that.

    Its sockets are PID 1's and stay open: while it is restarted, look-ups wait. `spared` are users of ours whose own
    look-ups are not conditioned.
    """

    def __init__(self, children: Children, settings: Settings, spared: tuple[int, ...]) -> None:
        self.board = LookupBoard(len(settings.networks) or 1)
        self._children = children
        self._settings = settings
        self._spared = (USER, *spared)
        self._pulse = Pulse()
        self._sockets: tuple[socket.socket, socket.socket] | None = None
        self.problem = ""
        """Why look-ups are not led to it, if they are not."""

    def _load(self) -> ModuleType:
        """The code of the process, without OpenSSL unless that is there already."""
        with without_openssl():
            from ..resolver import process
        return process

    def start(self) -> None:
        """Start it now if `dns` is set from the start, else when a forwarder first asks."""
        settings = self._settings
        at_once = any(startup.dns for startup in (settings.startup, *settings.networks.values()))
        if settings.api_port is None and not at_once:
            return
        if settings.command:
            self._load()  # before the application can alter it on disk
        about = "resolver", self._run, self._pulse, next(iter(settings.networks), "")
        if at_once:
            self._children.start(*about, self._prepare)
        else:
            self._children.start_when_called(*about, [self.board.rung], self._prepare)

    def _prepare(self) -> None:
        """Lead look-ups to the sockets, which the resolver about to be forked inherits."""
        if self._sockets:
            return
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind((LOOPBACK, 0))
        datagrams.setblocking(False)
        self._sockets = datagrams, socket.create_server((LOOPBACK, 0))
        ports = (self._sockets[0].getsockname()[1], self._sockets[1].getsockname()[1])
        try:
            redirect_lookups(ENGINE, LOOPBACK, ports, self._spared)
        except NetlinkError as error:
            self.problem = str(error.strerror)
            say(f"look-ups of names cannot be conditioned: {self.problem}")

    def _run(self, restarts: int) -> None:
        syscalls.become(USER, USER)
        process = self._load()
        assert self._sockets
        wiring = process.ResolverWiring(*self._sockets, (ENGINE, PORT), self.board, self._pulse, self.problem)
        process.main(wiring, restarts)

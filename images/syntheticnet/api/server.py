"""Serves the API over HTTP, and sleeps while there are no requests.

All its code is imported with this module, before the application starts: after that the application may be able to
change files.
"""

from __future__ import annotations

import asyncio
import encodings.idna  # noqa: F401 - else the first lookup of a host name would load it
import socket
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any

import uvicorn
import uvicorn.lifespan.off
import uvicorn.logging
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from .access_middleware import HAS_TOKEN
from .tls_port import TlsPort, TlsServer

STALLED_S = 20.0


class _Protocol(H11Protocol):
    """A connection that is cut off if its peer takes nothing of an answer for 20 seconds.

    The send buffer is then full and the answer waits; without an end, its task and buffers would be kept for ever.
    """

    _cut_off: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        # Not close(), which waits until the peer has taken the rest.
        self._cut_off = asyncio.get_running_loop().call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        self._resume()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._resume()
        super().connection_lost(exc)

    def _resume(self) -> None:
        if self._cut_off is not None:
            self._cut_off.cancel()
            self._cut_off = None


class _Server(uvicorn.Server):
    async def main_loop(self) -> None:
        """Wait forever: uvicorn's own loop wakes ten times a second to tick and to check whether to exit."""
        await asyncio.get_running_loop().create_future()

    async def adopt(self, connected: socket.socket) -> None:
        """Serve a connection that is open already, and whose first request has shown the lab's token."""
        protocol = partial(_Protocol, self.config, self.server_state, {HAS_TOKEN: True})
        await asyncio.get_running_loop().connect_accepted_socket(protocol, connected)


def serve(
    app: ASGIApp, listening: Sequence[socket.socket], beside: Coroutine[Any, Any, None], tls: TlsPort | None = None
) -> None:
    """Serve, and run `beside` concurrently, until PID 1 kills this process."""
    server = _Server(configured(app))
    remote = [TlsServer(tls, server.adopt).serve()] if tls else []
    asyncio.run(_together(server.serve(sockets=list(listening)), beside, *remote))


def configured(app: ASGIApp) -> uvicorn.Config:
    """The configuration of uvicorn; it never trusts proxy headers.

    By default uvicorn takes the client's address from X-Forwarded-For if the peer is loopback. The application is such
    a peer, and could claim the host's address.
    """
    return uvicorn.Config(
        app,
        proxy_headers=False,
        log_level="error",  # a broken request gets an answer; it must not fill the log
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
        http=_Protocol,
        ws="none",
        loop="asyncio",
    )


async def _together(*running: Coroutine[Any, Any, None]) -> None:
    await asyncio.gather(*running)

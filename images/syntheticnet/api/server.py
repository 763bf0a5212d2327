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

from starlette.types import ASGIApp

from .access_middleware import HAS_TOKEN
from .http_connection import ApiConnection
from .tls_port import TlsPort, TlsServer

BACKLOG = 1024
"""Connections that may wait to be accepted: many pages may ask at once."""


def serve(
    app: ASGIApp, listening: Sequence[socket.socket], beside: Coroutine[Any, Any, None], tls: TlsPort | None = None
) -> None:
    """Serve, and run `beside` concurrently, until PID 1 kills this process."""
    asyncio.run(_serve(app, listening, beside, tls))


async def _serve(
    app: ASGIApp, listening: Sequence[socket.socket], beside: Coroutine[Any, Any, None], tls: TlsPort | None
) -> None:
    loop = asyncio.get_running_loop()
    for one in listening:
        await loop.create_server(partial(ApiConnection, app, {}), sock=one, backlog=BACKLOG)
    remote = [TlsServer(tls, partial(_adopt, app)).serve()] if tls else []
    await asyncio.gather(beside, *remote, loop.create_future())


async def _adopt(app: ASGIApp, connected: socket.socket) -> None:
    """Serve a connection that is open already, and whose first request has shown the lab's token."""
    protocol = partial(ApiConnection, app, {HAS_TOKEN: True})
    await asyncio.get_running_loop().connect_accepted_socket(protocol, connected)

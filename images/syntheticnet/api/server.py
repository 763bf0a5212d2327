"""Serves the API to whoever asks, and sleeps while nobody does.

All its code is imported with this module, before the application runs: from then on files may be the application's.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine, Sequence
from typing import Any

import uvicorn
import uvicorn.lifespan.off
import uvicorn.logging
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol


class _Server(uvicorn.Server):
    async def main_loop(self) -> None:
        """Wait for ever: uvicorn's own loop wakes ten times a second, to tick and to look for its end."""
        await asyncio.get_running_loop().create_future()


def serve(app: ASGIApp, listening: Sequence[socket.socket], beside: Coroutine[Any, Any, None]) -> None:
    """Serve until killed, and do what there is to do `beside`: PID 1 ends this process, and nobody else does."""
    asyncio.run(_both(_Server(configured(app)).serve(sockets=list(listening)), beside))


def configured(app: ASGIApp) -> uvicorn.Config:
    """Who asks is the peer of the connection: with uvicorn's default, a header from loopback would name another."""
    return uvicorn.Config(
        app,
        proxy_headers=False,
        log_level="error",  # a broken request is answered, and no reason to fill the log
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
        http=H11Protocol,
        ws="none",
        loop="asyncio",
    )


async def _both(serving: Coroutine[Any, Any, None], beside: Coroutine[Any, Any, None]) -> None:
    await asyncio.gather(serving, beside)

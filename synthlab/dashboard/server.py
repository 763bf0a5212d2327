"""Serves the lab API on 127.0.0.1 until Ctrl-C, and then leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..contract import HOST
from ..control.backend import Backend
from ..errors import SynthlabError, WrongUse
from ..interrupts import ENDING, Terminated
from .access import TokenCheck
from .dashboard import Dashboard
from .routes import lab_api

CLOSE_S = 5
MOST_PORT = 65535


class ApiServer(uvicorn.Server):
    """One server. Its signals are handled by `serve`, and streams end before it waits for open requests."""

    def __init__(self, dashboard: Dashboard) -> None:
        super().__init__(_configured(dashboard))
        logging.getLogger("uvicorn.error").addFilter(_is_a_fault)
        self._dashboard = dashboard

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: uvicorn would raise them again, in the middle of the cleanup."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._dashboard.end_streams()
        await super().shutdown(sockets)
        await self._dashboard.close()


def serve(
    backend: Backend,
    folder: Path,
    port: int,
    ready: Callable[[TokenCheck], None],
    *,
    until_end_of_input: bool = False,
    token: str | None = None,
) -> None:
    """Serve until a signal, or until the standard input ends; `ready` is called once requests are answered.

    Raises KeyboardInterrupt or Terminated after a signal, once everything is cleaned up; SynthlabError if the port is
    taken.
    """
    with contextlib.closing(listening(port)) as own:
        access = TokenCheck.of_port(own.getsockname()[1], token)
        ended_by = asyncio.run(_serve(Dashboard(backend, folder, access), own, ready, until_end_of_input))
    if ended_by == signal.SIGINT:
        raise KeyboardInterrupt
    if ended_by is not None:
        raise Terminated(ended_by)


def listening(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 is any free one. Raises SynthlabError."""
    if not 0 <= port <= MOST_PORT:
        raise WrongUse(f"--port: {port} is not between 0 and {MOST_PORT}")
    own = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        own.bind((HOST, port))
        own.listen()
    except OSError as error:
        own.close()
        raise SynthlabError(f"--port: {HOST}:{port} cannot be used: {error.strerror}") from None
    return own


async def _serve(
    dashboard: Dashboard, own: socket.socket, ready: Callable[[TokenCheck], None], until_end_of_input: bool
) -> int | None:
    """Serve; returns the number of the signal that ended it, or None."""
    server, loop = ApiServer(dashboard), asyncio.get_running_loop()
    ended_by: list[int] = []

    def end(number: int | None) -> None:
        # Only the first counts; a second Ctrl-C must not leave containers behind.
        if not server.should_exit and number is not None:
            ended_by.append(number)
        server.should_exit = True

    for number in (signal.SIGINT, *ENDING):
        loop.add_signal_handler(number, end, number)
    if until_end_of_input:
        threading.Thread(target=_wait_for_end, args=(loop, end), daemon=True).start()
    serving = asyncio.create_task(server.serve([own]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if server.started:
        ready(dashboard.access)
    await serving
    return ended_by[0] if ended_by else None


def _wait_for_end(loop: asyncio.AbstractEventLoop, end: Callable[[int | None], None]) -> None:
    """End with the standard input: it closes when the program that started us does, even if it is killed."""
    # Not through sys.stdin, whose lock a thread that is still reading would hold when Python exits.
    while os.read(0, 1 << 16):
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(end, None)


def _is_a_fault(record: logging.LogRecord) -> bool:
    """Not each WebSocket that was refused with an answer: uvicorn up to 0.54 reports it (its pull request 3138)."""
    return record.msg != "ASGI callable returned without completing handshake."


def _configured(dashboard: Dashboard) -> uvicorn.Config:
    return uvicorn.Config(
        lab_api(dashboard),
        proxy_headers=False,
        log_level="error",
        access_log=False,  # addresses of the start would show the token
        lifespan="off",
        server_header=False,
        date_header=False,
        http=H11Protocol,
        ws="websockets-sansio",
        loop="asyncio",
        timeout_graceful_shutdown=CLOSE_S,
    )

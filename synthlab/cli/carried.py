"""Addresses of a client that this machine cannot reach: a port of our own leads there, through the engine."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

from ..control.backend import Backend
from ..control.port_tunnel import LocalPort, connect_through
from ..engine.containers import Container
from . import console


@contextmanager
def reached(backend: Backend, container: Container, address: str) -> Iterator[str]:
    """The address, if it leads to the client; else one that does for as long as this runs, which Ctrl-C ends."""
    if backend.is_near(container):
        yield address
        return
    parts = urlsplit(address)
    port = next(inner for inner, outer in container.ports.items() if outer == parts.port)
    with closing(LocalPort(lambda: connect_through(backend.engine, container, port))) as local:
        yield parts._replace(netloc=f"{parts.hostname}:{local.number}").geturl()
        console.print_note("this leads there through the engine until you press Ctrl-C")
        while True:
            signal.pause()

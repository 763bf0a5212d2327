"""Addresses of a client that this machine cannot reach: a port of our own leads there."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from ..control.backend import Backend
from ..control.port_tunnel import local_port
from ..engine.containers import Container
from . import console


@contextmanager
def reached(
    backend: Backend, container: Container, port: int, address: Callable[[Container, int | None], str]
) -> Iterator[str]:
    """The `address` of a container's port, if it leads there; else one that does while this runs, until Ctrl-C."""
    if not container.node and backend.is_near(container):
        yield address(container, None)
        return
    with closing(local_port(backend, container, port)) as local:
        yield address(container, local.number)
        way = f"to {container.node}" if container.node else "through the engine"
        console.print_note(f"this leads there {way} until you press Ctrl-C")
        while True:
            signal.pause()

"""Ports: those inside a client's container, and which of the host's they are published on."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable

from .errors import SynthlabError
from .stack import Client, Ports, Stack

API_PORT = 80
VNC_PORT = 5901
FIRST_API_PORT = 3000
FIRST_VNC_PORT = 5901
HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether nothing listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        if sys.platform != "win32":  # there the option would allow to take a port that is in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return True  # a low port that only the engine may open: let it try
        except OSError:
            return False
    return True


def choose_ports(stack: Stack, free: Callable[[int], bool] = is_free) -> dict[str, Ports]:
    """The host ports of every client: the fixed ones, the usual ones for the first client, None where Docker draws.

    Raises SynthlabError for a fixed port that is taken.
    """
    fixed = {port for client in stack.clients for port in (client.ports.api, client.ports.vnc) if port}
    _refuse_taken(stack, free)
    chosen = fixed_ports(stack)
    first = stack.clients[0]
    usual = {"api": FIRST_API_PORT} | ({} if first.headless else {"vnc": FIRST_VNC_PORT})
    drawn = {kind: port for kind, port in usual.items() if port not in fixed and free(port)}
    chosen[first.name] = Ports(
        api=first.ports.api or drawn.get("api"),
        vnc=first.ports.vnc or drawn.get("vnc"),
    )
    return chosen


def fixed_ports(stack: Stack) -> dict[str, Ports]:
    """The host ports that the stack gives to every client; Docker draws the others."""
    return {client.name: client.ports for client in stack.clients}


def _refuse_taken(stack: Stack, free: Callable[[int], bool]) -> None:
    for client in stack.clients:
        for kind, port in _named(client):
            if not free(port):
                raise SynthlabError(
                    f"{stack.file}: clients.{client.name}.ports.{kind}: port {port} of {HOST} is taken: "
                    "free it, or give another"
                )


def _named(client: Client) -> list[tuple[str, int]]:
    return [(kind, port) for kind, port in (("api", client.ports.api), ("vnc", client.ports.vnc)) if port]

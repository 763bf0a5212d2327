"""Ports: those inside a client's container, and which of the host's they are published on."""

from __future__ import annotations

from collections.abc import Callable

from ..contract import HOST
from ..engine.host_port import is_free
from ..errors import SynthlabError
from ..stack import Ports, Stack

FIRST_API_PORT = 3000
FIRST_VNC_PORT = 5901


def choose_ports(stack: Stack, free: Callable[[int], bool] = is_free) -> dict[str, Ports]:
    """The host ports of every client: the fixed ones, the usual ones for the first client, None where Docker draws.

    Raises SynthlabError for a fixed port that is taken.
    """
    fixed = {port for client in stack.clients for port in client.ports.given.values()}
    _refuse_taken(stack, free)
    chosen = fixed_ports(stack)
    first = stack.clients[0]
    usual = {"api": FIRST_API_PORT} | ({} if first.headless else {"vnc": FIRST_VNC_PORT})
    drawn = {kind: port for kind, port in usual.items() if port not in fixed and free(port)}
    chosen[first.name] = Ports(**(drawn | first.ports.given))
    return chosen


def fixed_ports(stack: Stack) -> dict[str, Ports]:
    """The host ports that the stack gives to every client; Docker draws the others."""
    return {client.name: client.ports for client in stack.clients}


def _refuse_taken(stack: Stack, free: Callable[[int], bool]) -> None:
    for client in stack.clients:
        for kind, port in client.ports.given.items():
            if not free(port):
                raise SynthlabError(
                    f"{stack.file}: clients.{client.name}.ports.{kind}: port {port} of {HOST} is taken: "
                    "free it, or give another"
                )

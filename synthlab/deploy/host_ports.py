"""Chooses the host ports that the clients' control ports are published on: API, VNC, CDP, proxy and its TURN."""

from __future__ import annotations

from collections.abc import Callable

from ..contract import HOST
from ..engine.host_port import is_free
from ..errors import SynthlabError
from ..stack import Ports, Stack

FIRST_API_PORT = 3000
FIRST_VNC_PORT = 5901
FIRST_CDP_PORT = 9222
FIRST_PROXY_PORT = 1080
FIRST_RELAY_PORT = 3478


def choose_ports(stack: Stack, free: Callable[[int], bool] = is_free) -> dict[str, Ports]:
    """The host ports of every client: those fixed in the stack, default ports for the first client, else None.

    Docker picks a free port for None. Raises SynthlabError if a fixed port is taken.
    """
    fixed = {port for client in stack.clients for port in client.ports.given.values()}
    _refuse_taken(stack, free)
    chosen = fixed_ports(stack)
    if not stack.clients:
        return chosen
    first = stack.clients[0]
    defaults = {"api": FIRST_API_PORT} | ({} if first.headless else {"vnc": FIRST_VNC_PORT})
    defaults |= {"cdp": FIRST_CDP_PORT} if first.is_browser else {}
    defaults |= {"proxy": FIRST_PROXY_PORT, "turn": FIRST_RELAY_PORT} if first.is_proxy else {}
    usable = {kind: port for kind, port in defaults.items() if port not in fixed and free(port)}
    chosen[first.name] = Ports(**(usable | first.ports.given))
    return chosen


def fixed_ports(stack: Stack) -> dict[str, Ports]:
    """The host ports that the stack fixes, by client name; Docker picks the others."""
    return {client.name: client.ports for client in stack.clients}


def _refuse_taken(stack: Stack, free: Callable[[int], bool]) -> None:
    for client in stack.clients:
        for kind, port in client.ports.given.items():
            if not free(port):
                raise SynthlabError(
                    f"{stack.file}: clients.{client.name}.ports.{kind}: port {port} of {HOST} is taken: "
                    "free it, or choose another"
                )

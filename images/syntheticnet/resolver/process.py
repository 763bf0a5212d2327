"""The resolver's process: stands between the application and the engine's name server."""

from __future__ import annotations

import asyncio
import socket
from typing import NamedTuple

from ..conditions import LookupChange
from ..heartbeat import Pulse
from ..lookup_board import LookupBoard
from .counts import LookupCounts
from .server import LookupServer
from .upstream import ServerAddress, Upstream


class ResolverWiring(NamedTuple):
    """Everything PID 1 passes to a resolver.

    `engine` is the address of the engine's name server; `problem` says why look-ups do not come here, if they do not.
    """

    datagrams: socket.socket
    listening: socket.socket
    engine: ServerAddress
    board: LookupBoard
    pulse: Pulse
    problem: str = ""


def main(wiring: ResolverWiring, restarts: int) -> None:
    """Answer look-ups until killed."""
    asyncio.run(_resolve(wiring, restarts))


async def _resolve(wiring: ResolverWiring, restarts: int) -> None:
    board = wiring.board
    about = {"restarts": restarts} | ({"problem": wiring.problem} if wiring.problem else {})
    counts = LookupCounts(about, board.published(), board.publish)
    server = LookupServer(Upstream(wiring.engine), counts)

    def adopt() -> None:
        server.adopt(LookupChange.parse(board.requested()).on({}))

    adopt()
    loop = asyncio.get_running_loop()
    loop.add_reader(board.rung.fileno(), adopt)
    loop.add_reader(wiring.pulse.fileno(), wiring.pulse.answer)
    await server.serve(wiring.datagrams, wiring.listening)
    await asyncio.Event().wait()

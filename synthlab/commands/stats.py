"""`stats`: counters of every link and flow, and WebRTC numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from .. import console
from ..console import Table
from ..errors import WrongUse
from ..lab import Lab, LabClient
from ..tables import counters_table, numbers_table
from ..world import World
from .options import ClientsArgument, JsonOption, LabOption

INTERVAL_S = 1.0


def stats(
    context: typer.Context,
    names: ClientsArgument = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show them anew every second, until Ctrl-C.")] = False,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Show counters of each link and flow, and each client's WebRTC numbers of the others."""
    if watch and json:
        raise WrongUse("--watch and --json do not go together")
    world: World = context.obj
    running = world.lab(lab)
    clients = running.find(names or ())
    if json:
        console.print_json(_as_json(running, clients))
    elif watch:
        console.watch(lambda: _tables(running, clients), INTERVAL_S)
    else:
        for table in _tables(running, clients):
            console.print_table(table)


def _tables(lab: Lab, clients: Sequence[LabClient]) -> list[Table]:
    tables = [counters_table(lab.states(clients)), numbers_table(lab.numbers(clients))]
    return [table for table in tables if table.rows]


def _as_json(lab: Lab, clients: Sequence[LabClient]) -> dict[str, object]:
    states = lab.states(clients)
    numbers = lab.numbers(clients)
    return {
        client.name: {"network": states[client.name].answer, "webrtc": asdict(numbers[client.name])}
        for client in clients
    }

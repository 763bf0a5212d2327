"""`set`, `show`, `reset`: a client's conditions on a running lab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from .. import console, profiles
from ..errors import WrongUse
from ..flags import build_change, chosen_directions, with_condition_flags
from ..state import ClientState
from ..tables import conditions_table
from ..world import World
from .options import ClientsArgument, JsonOption, LabOption, ProfileOption, SomeClientsArgument

IngressOption = Annotated[bool, typer.Option("--ingress", help="Only toward the client (else both directions).")]
EgressOption = Annotated[bool, typer.Option("--egress", help="Only away from the client.")]
FlowOption = Annotated[
    str | None,
    typer.Option("--flow", metavar="HOST[:PROTOCOL[:PORTS]]", help="Only these packets, such as '*:udp'."),
]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Begin the random draws anew from this number.")]


@with_condition_flags
def set_(
    context: typer.Context,
    names: SomeClientsArgument,
    ingress: IngressOption = False,
    egress: EgressOption = False,
    flow: FlowOption = None,
    profile: ProfileOption = None,
    seed: SeedOption = None,
    lab: LabOption = None,
    json: JsonOption = False,
    *,
    values: Mapping[str, Any],
) -> None:
    """Change values of clients' conditions: of all the clients, or of none.

    What is not named stays as it is; `none` as a value clears it.
    """
    if not values and profile is None and seed is None:
        raise WrongUse("nothing to set: give a value such as --loss 5%, or a --profile (see `synthlab set --help`)")
    start = profiles.profile(profile).conditions if profile else None
    directions = chosen_directions(ingress, egress) if values or start else ()
    change = build_change(values, directions, flow, start, seed)
    world: World = context.obj
    running = world.lab(lab)
    _show(running.change(running.find(names), change), json)


def show(
    context: typer.Context, names: ClientsArgument = None, lab: LabOption = None, json: JsonOption = False
) -> None:
    """Show the conditions in force beside what they achieve."""
    world: World = context.obj
    running = world.lab(lab)
    _show(running.states(running.find(names or ())), json)


def reset(
    context: typer.Context,
    names: ClientsArgument = None,
    perfect: Annotated[bool, typer.Option("--perfect", help="Clear everything instead.")] = False,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Give clients (all if none is named) the conditions back that the stack gave them at the start."""
    world: World = context.obj
    running = world.lab(lab)
    _show(running.reset(running.find(names or ()), perfect), json)


def _show(states: Mapping[str, ClientState], json: bool) -> None:
    if json:
        console.print_json({name: state.answer for name, state in states.items()})
    else:
        console.print_table(conditions_table(states))

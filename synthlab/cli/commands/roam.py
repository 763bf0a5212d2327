"""`roam`: a client of a running lab changes its network, or its address there."""

from __future__ import annotations

from typing import Annotated

import typer

from syntheticnet.conditions import ROAM_HOWS

from ...control.backend import Backend
from ...control.running_lab import RunningLab
from ...control.state import ClientState
from .. import completion_names, console
from ..tables import uplink_line
from .options import JsonOption, LabOption, complete_clients, starting


def _complete_uplinks(context: typer.Context, incomplete: str) -> list[str]:
    """The uplinks of the client on the line."""
    return starting(
        incomplete, lambda: completion_names.uplink_names(completion_names.members(), context.params.get("name"))
    )


def _complete_hows(incomplete: str) -> list[str]:
    return [how for how in ROAM_HOWS if how.startswith(incomplete)]


NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A client.", autocompletion=complete_clients, show_default=False)
]
ToOption = Annotated[
    str | None,
    typer.Option("--to", metavar="ROUTER", help="One of its uplinks.", autocompletion=_complete_uplinks),
]
NewAddressOption = Annotated[bool, typer.Option("--new-address", help="Stay there, with another address.")]
HowOption = Annotated[
    str | None,
    typer.Option("--how", metavar="HOW", help="jump (default) or step.", autocompletion=_complete_hows),
]
GapOption = Annotated[
    str | None,
    typer.Option(
        "--gap", metavar="DURATION", help="Jump: how long without a network (default 0s). Step: with both (1s)."
    ),
]


def roam(
    context: typer.Context,
    name: NameArgument,
    to: ToOption = None,
    new_address: NewAddressOption = False,
    how: HowOption = None,
    gap: GapOption = None,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Move a client to another network or address.

    \b
    jump  the old network goes, then the new one comes, as out of the house
    step  the new network comes, then the old one goes
    The client ends what it has begun, also after Ctrl-C. Its conditions stay.

    \b
    Examples:
      synthlab roam phone --to lte
      synthlab roam phone --to lte --gap 3s
      synthlab roam phone --to home --how step --gap 5s
      synthlab roam phone --new-address
    """
    from ...control import roaming
    from ...stack.roaming import plan_roam

    plan = plan_roam(to, new_address, how, gap, "--")
    backend: Backend = context.obj
    running = RunningLab.named(backend, lab)
    state = roaming.roam(running, name, plan, console.print_note)
    _show(name, state, json)


def _show(name: str, state: ClientState, json: bool) -> None:
    if json:
        console.print_json({name: state.uplink})
    elif state.uplink:
        console.print_line(uplink_line(name, state.uplink))

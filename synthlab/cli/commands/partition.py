"""`partition`: blocks all traffic between two clients of a running lab until it is healed."""

from __future__ import annotations

from typing import Annotated

import typer

from ...control.backend import Backend
from ...control.client_api import ChangeOptions
from ...control.group_change import GroupChange
from ...control.partition import heal_partition, plan_ends, plan_partition, still_passing
from ...control.running_lab import RunningLab
from ...errors import WrongUse
from ...stack.durations import read_optional
from ...stack.network_operations import A_TO_B, BOTH, SILENT
from .. import console
from .conditions import ForOption, show_change
from .options import JsonOption, LabOption, complete_clients

RESET = "reset"
"""The answer of --reject: a reset to TCP packets, port-unreachable to all others."""

FirstArgument = Annotated[
    str, typer.Argument(metavar="A", help="A client or `sfu`.", autocompletion=complete_clients, show_default=False)
]
SecondArgument = Annotated[
    str,
    typer.Argument(metavar="B", help="Another client or `sfu`.", autocompletion=complete_clients, show_default=False),
]
OneWayOption = Annotated[bool, typer.Option("--one-way", help="Only from A to B; by default both directions.")]
RejectOption = Annotated[
    bool,
    typer.Option("--reject", help="Answer with TCP resets and ICMP port-unreachable instead of dropping silently."),
]
HealOption = Annotated[bool, typer.Option("--heal", help="End the partition.")]


def partition(
    context: typer.Context,
    a: FirstArgument,
    b: SecondArgument,
    one_way: OneWayOption = False,
    reject: RejectOption = False,
    lease: ForOption = None,
    heal: HealOption = False,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Cut the network between two clients, or to `sfu`.

    In a call through an SFU, media from client1 to client2 goes through `sfu`: cut
    client1 off from `sfu` to stop it.

    \b
    Examples:
      synthlab partition client1 client2
      synthlab partition client1 sfu --one-way --for 10s
      synthlab partition client1 sfu --reject
      synthlab partition client1 sfu --heal
    """
    options = ChangeOptions(lease_ns=read_optional("--for", lease))
    flags = {"--one-way": one_way, "--reject": reject, "--for": lease is not None}
    if heal and any(flags.values()):
        others = ", ".join(flag for flag, present in flags.items() if present)
        raise WrongUse(f"--heal: cannot be combined with {others}")
    backend: Backend = context.obj
    running = RunningLab.named(backend, lab)
    if heal:
        show_change(_heal(running, a, b), json)
        return
    clients, change = plan_partition(running, a, b, A_TO_B if one_way else BOTH, RESET if reject else SILENT)
    made = running.change(clients, change, options)
    show_change(made, json)
    for line in still_passing(made.states, *plan_ends(running, a, b)):
        console.print_note(line)


def _heal(running: RunningLab, a: str, b: str) -> GroupChange:
    made, healed = heal_partition(running, a, b)
    if not healed:
        console.print_note(f"{a}, {b}: no partition to heal")
    return made

"""`stop`, `start`, `restart`, `pause`, `unpause`: containers of a lab."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import typer

from ...contract import ContainerAction
from ...control.backend import Backend
from ...control.container_actions import nothing_to_do, to_act_on
from ...control.container_lookup import find_members
from ...control.running_lab import RunningLab
from ...engine.health import wait_until_checked
from .. import console
from .listing import show_containers
from .options import ClientsArgument, JsonOption, LabOption, TimeoutOption

_DONE: Mapping[ContainerAction, str] = {
    "stop": "stopped",
    "start": "healthy",
    "restart": "healthy again",
    "pause": "paused",
    "unpause": "running again",
}


def stop(
    context: typer.Context, names: ClientsArgument = None, lab: LabOption = None, json: JsonOption = False
) -> None:
    """Stop clients, servers, or all.

    The containers are kept; `start` starts them again.

    \b
    Examples:
      synthlab stop client2
      synthlab stop sfu
    """
    _control(context, names, "stop", lab, json)


def start(
    context: typer.Context,
    names: ClientsArgument = None,
    timeout: TimeoutOption = 120,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Start stopped clients and wait until they are healthy.

    They start with the conditions of the stack.

    \b
    Examples:
      synthlab start client2
      synthlab start
    """
    _control(context, names, "start", lab, json, timeout)


def restart(
    context: typer.Context,
    names: ClientsArgument = None,
    timeout: TimeoutOption = 120,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Restart clients and wait until they are healthy.

    They start with the conditions of the stack.

    \b
    Examples:
      synthlab restart client2
      synthlab restart bot sfu
    """
    _control(context, names, "restart", lab, json, timeout)


def pause(
    context: typer.Context, names: ClientsArgument = None, lab: LabOption = None, json: JsonOption = False
) -> None:
    """Freeze clients, including their network.

    \b
    Examples:
      synthlab pause client2
      synthlab pause bot
    """
    _control(context, names, "pause", lab, json)


def unpause(
    context: typer.Context, names: ClientsArgument = None, lab: LabOption = None, json: JsonOption = False
) -> None:
    """Resume paused clients.

    Waits until their health is known, for 5 s at most.

    \b
    Examples:
      synthlab unpause client2
      synthlab unpause
    """
    _control(context, names, "unpause", lab, json)


def _control(
    context: typer.Context,
    names: Sequence[str] | None,
    action: ContainerAction,
    lab: str | None,
    json: bool,
    timeout_s: float = 120.0,
) -> None:
    backend: Backend = context.obj
    name, members = backend.members(lab)
    wanted = find_members(name, members, names or ())
    acted = to_act_on(wanted, action)
    for other in wanted:
        if other not in acted and names:
            console.print_note(nothing_to_do(other, action))
    begun = time.monotonic()
    titles = [container.title for container in acted]
    with console.progress() as progress:
        progress(f"{action}: {', '.join(titles)}")
        RunningLab(backend, name, members).control(titles, action, progress, timeout_s)
    console.print_note(f"{', '.join(titles)}: {_DONE[action]} after {time.monotonic() - begun:.1f} s")
    called = [container.name for container in acted]
    if action == "unpause":
        for unchecked in wait_until_checked(name, backend.engine, called, backend.clock):
            console.print_note(f"{unchecked.title}: its health is not known until its next health check")
    show_containers(backend, [one for one in backend.engine.containers(name) if one.name in called], json)

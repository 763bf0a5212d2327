"""`up`, `down`, `ps`, `render`, `demo`: labs as a whole."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Annotated, Any

import typer

from .. import console
from ..containers import Container
from ..errors import SynthlabError
from ..lab import api_url, choose_lab
from ..ports import HOST, VNC_PORT
from ..tables import containers_table
from ..world import World
from .options import JsonOption, LabOption, StackArgument

NameOption = Annotated[
    str | None, typer.Option("--name", metavar="LAB", help="Give the lab another name than the stack's.")
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=1, help="How long it may take to become healthy.")
]
WaitMediaOption = Annotated[
    bool, typer.Option("--wait-media", help="Wait until every client sees every other's video, too.")
]
AllOption = Annotated[
    bool, typer.Option("--all", help="Take every lab down, whatever --lab says; it is no error if there is none.")
]


def up(
    context: typer.Context,
    stack: StackArgument,
    name: NameOption = None,
    timeout: TimeoutOption = 120,
    wait_media: WaitMediaOption = False,
    json: JsonOption = False,
) -> None:
    """Bring a stack up, and wait until every client is healthy."""
    from ..launch import all_or_nothing, launch
    from ..media import wait_for_media
    from ..stack import read_stack

    world: World = context.obj
    described = read_stack(stack, name)
    start = time.monotonic()
    with console.progress() as tell:
        launch(described, world.engine, tell, timeout)
        if wait_media:
            with all_or_nothing(described.name, world.engine, tell):
                wait_for_media(world.lab(described.name), tell, timeout)
    console.print_note(f"{described.name} is up after {time.monotonic() - start:.1f} s")
    _show(world, world.engine.containers(described.name), json)


def down(context: typer.Context, lab: LabOption = None, every: AllOption = False, json: JsonOption = False) -> None:
    """Take a lab down: its containers, networks and volumes."""
    world: World = context.obj
    names = sorted(set(world.engine.labs())) if every else [choose_lab(world.engine.labs(), lab)]
    removed = [_take_down(world, name) for name in names]
    if json:
        console.print_json(removed if every else removed[0])
        return
    for row in removed:
        console.print_line(f"{row['lab']} is down: {row['containers']} containers removed")


def _take_down(world: World, name: str) -> dict[str, Any]:
    with console.progress() as tell:
        tell(f"taking {name} down")
        return {"lab": name, "containers": world.engine.remove_lab(name)}


def ps(context: typer.Context, lab: LabOption = None, json: JsonOption = False) -> None:
    """List the labs that are up, with their clients, their health and their host ports."""
    world: World = context.obj
    if lab:
        choose_lab(world.engine.labs(), lab)
    _show(world, world.engine.containers(lab), json)


def render(stack: StackArgument, name: NameOption = None) -> None:
    """Print the Compose file that `up` would bring up."""
    from ..ports import choose_ports
    from ..render import render as rendered
    from ..stack import read_stack

    described = read_stack(stack, name)
    console.print_text(rendered(described, choose_ports(described)))


def demo(context: typer.Context, json: JsonOption = False) -> None:
    """Bring up a call, limit client2's uplink, show what client1 sees of it, and take the call down."""
    from ..demo import demo_table, run_demo

    with console.progress() as tell:
        outcome = run_demo(context.obj, tell)
    if json:
        console.print_json(asdict(outcome))
    else:
        console.print_table(demo_table(outcome))
    outcome.judge()


def _show(world: World, containers: list[Container], json: bool) -> None:
    restarts = _forwarder_restarts(world, containers)
    if json:
        console.print_json([_as_json(container, restarts) for container in containers])
    elif containers:
        console.print_table(containers_table(containers, restarts))
    else:
        console.print_line("no lab is up")


def _forwarder_restarts(world: World, containers: list[Container]) -> dict[str, int]:
    """The restarts of each client's forwarder by container id; one whose API does not answer has no entry."""

    def ask(container: Container) -> int | None:
        try:
            return world.api(container).state().restarts
        except SynthlabError:
            return None

    asked = [container for container in containers if container.role == "client" and api_url(container)]
    with ThreadPoolExecutor(max_workers=16) as pool:
        answers = list(pool.map(ask, asked))
    return {container.id: answer for container, answer in zip(asked, answers, strict=True) if answer is not None}


def _as_json(container: Container, restarts: Mapping[str, int]) -> dict[str, Any]:
    vnc = container.ports.get(VNC_PORT)
    shown = ("lab", "role", "client", "group", "app", "stack", "state", "status", "health", "name", "id")
    return {key: getattr(container, key) for key in shown} | {
        "forwarder_restarts": restarts.get(container.id),
        "api": api_url(container),
        "vnc": f"{HOST}:{vnc}" if vnc else None,
    }

"""`up`, `down`, `render`, `demo`: start and remove labs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...control.backend import Backend, choose_lab
from ...control.running_lab import RunningLab
from ...control.slowness import is_doubtful, out_of_reach
from ...deploy.claim import take_down
from ...engine.factory import ENGINES
from ...engine.ttl import SHORTEST_TTL_NS
from ...errors import WrongUse
from ...stack.durations import read_duration
from ...text.durations import seconds_of
from ...text.quantities import counted
from .. import console
from .listing import show_containers
from .options import JsonOption, TimeoutOption, complete_labs
from .stack_source import (
    ComposeProfileOption,
    EngineOption,
    EnvFileOption,
    FileOption,
    ImpairOption,
    PortsOption,
    ProjectOption,
    RegistryOption,
    SourceArgument,
    StackSource,
)

if TYPE_CHECKING:
    from ...stack import Stack

NameOption = Annotated[
    str | None, typer.Option("--lab", metavar="NAME", help="Name of the lab; the stack's name by default.")
]
DownArgument = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="The lab; optional if only one is up.", autocompletion=complete_labs),
]
DownOption = Annotated[
    str | None,
    typer.Option(
        "--lab", metavar="NAME", envvar="SYNTHLAB_LAB", help="The same as NAME.", autocompletion=complete_labs
    ),
]
WaitMediaOption = Annotated[
    bool,
    typer.Option(
        "--wait-media",
        help="Then wait until every client has received every other's video, --timeout at most. All must send video.",
    ),
]
TtlOption = Annotated[
    str | None,
    typer.Option("--ttl", metavar="2h", envvar="SYNTHLAB_TTL", help="Stop the lab automatically after this time."),
]
ReplaceOption = Annotated[
    bool,
    typer.Option("--replace", help="Remove a lab of this name first, if one is up."),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print what `up` would do, and do nothing.")]
VolumesOption = Annotated[
    bool, typer.Option("--volumes", help="Remove the named volumes of its Compose project too, with their data.")
]
GraphOption = Annotated[
    bool, typer.Option("--graph", help="Print a picture of the stack, as SVG: who is behind which router.")
]
AllOption = Annotated[
    bool, typer.Option("--all", help="Remove every lab of this engine, also others' and those that are just starting.")
]


def up(
    context: typer.Context,
    stack: SourceArgument = None,
    files: FileOption = None,
    impair: ImpairOption = None,
    name: NameOption = None,
    timeout: TimeoutOption = 120,
    wait_media: WaitMediaOption = False,
    ttl: TtlOption = None,
    replace: ReplaceOption = False,
    dry_run: DryRunOption = False,
    env_files: EnvFileOption = None,
    project: ProjectOption = None,
    compose_profiles: ComposeProfileOption = None,
    ports: PortsOption = None,
    engine: EngineOption = ENGINES[0],
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Start a lab and wait until its clients are healthy.

    STACK describes a whole call. With -f the lab is a Compose project of your own, unchanged, and --impair names the
    services whose network can then be changed.

    Expired labs are removed first. If the lab is up and its stack file has changed since, `up` asks on a terminal
    whether to replace the lab; elsewhere it requires --replace.

    \b
    Examples:
      synthlab up call.yaml
      synthlab up ./mine/call.yaml --lab mine --ttl 2h
      synthlab up call.yaml --replace
      synthlab up call.yaml --dry-run
      synthlab up -f compose.yaml --impair web --impair db
      synthlab up call.yaml --engine swarm --registry 10.0.0.1:5000
    """
    from ...deploy.plan import is_edited
    from ...lab.bring_up import bring_up

    backend: Backend = context.obj
    source = StackSource(stack, files, impair, env_files, project, compose_profiles, ports, engine, registry)
    described = source.read(backend, name)
    ttl_s = seconds_of(read_duration("--ttl", ttl, SHORTEST_TTL_NS)) if ttl else None
    if dry_run:
        _print_plan(described, backend, timeout, ttl_s, wait_media, replace, json)
        return
    sweep(backend)
    if not replace and console.is_asked() and is_edited(described, backend.engine):
        question = f"{described.name} is up, and {described.file} has changed since. Replace the lab?"
        replace = typer.confirm(question, err=True)
    start = time.monotonic()
    with console.progress() as progress:
        bring_up(described, backend, progress, timeout, ttl_s, wait_media, replace)
    console.print_note(f"{described.name} is up after {time.monotonic() - start:.1f} s")
    for line in _notes(described):
        console.print_note(line)
    show_containers(backend, backend.engine.containers(described.name), json, fresh=True)
    for line in _out_of_reach(described, backend):
        console.print_note(line)


def _out_of_reach(stack: Stack, backend: Backend) -> Iterator[str]:
    """One line for each rate out of reach of a server or service.

    Only those with a rate that may be are asked: an API of theirs starts with the first request, which costs.
    """
    fast = [name for name, network in stack.conditioned.items() if is_doubtful(network.conditions)]
    if fast:
        running = RunningLab.named(backend, stack.name)
        yield from out_of_reach(running.states(running.find(fast)))


def _notes(stack: Stack) -> Iterator[str]:
    """What to know of a lab that is up."""
    from ...deploy.wrapping import lost_capabilities
    from ...stack.rights import engine_users

    yield from stack.translated
    yield from lost_capabilities(stack)
    if names := engine_users(stack):
        yield f"{', '.join(names)}: controls the engine, through the socket that is mounted there"


def _print_plan(
    stack: Stack, backend: Backend, timeout_s: float, ttl_s: float | None, wait_media: bool, replace: bool, json: bool
) -> None:
    """Print what `up` would do now, one line per step, beginning with the removal of expired labs."""
    from ...lab.bring_up import planned

    lines = [*_swept(backend, stack.name), *planned(stack, backend, timeout_s, ttl_s, wait_media, replace)]
    if json:
        console.print_json({"lab": stack.name, "plan": lines})
    else:
        console.print_lines("\n".join(lines))


def _swept(backend: Backend, lab: str) -> list[str]:
    return [f"remove {name}, which has expired" for name in backend.expired() if name != lab]


def down(
    context: typer.Context,
    name: DownArgument = None,
    lab: DownOption = None,
    every: AllOption = False,
    volumes: VolumesOption = False,
    json: JsonOption = False,
) -> None:
    """Remove a lab: containers and networks.

    The named volumes of a Compose project of your own remain, as with Compose, unless you add --volumes. An `up` of
    this lab that is still running is stopped. Expired labs are removed too.

    \b
    Examples:
      synthlab down
      synthlab down call
      synthlab down --volumes
      synthlab down --all
    """
    backend: Backend = context.obj
    removed = [_take_down(backend, doomed, volumes) for doomed in _doomed(backend, _named(context, name, lab), every)]
    if json:
        console.print_json(removed if every or len(removed) != 1 else removed[0])
        return
    for row in removed:
        console.print_line(f"{row['lab']} is down: {counted(row['containers'], 'container')} removed")


def _named(context: typer.Context, name: str | None, lab: str | None) -> str | None:
    """The lab named by the argument or --lab, else by the environment."""
    if not name or not lab or name == lab:
        return name or lab
    source = context.get_parameter_source("lab")
    if source is not None and source.name == "ENVIRONMENT":
        return name
    raise WrongUse(f"two labs are named, {name} and --lab {lab}; name one")


def _doomed(backend: Backend, lab: str | None, every: bool) -> list[str]:
    """The labs to remove; by default the only one that is up, and all expired ones."""
    labs = sorted({*backend.engine.labs(), *backend.engine.locks()})
    if every:
        return labs
    if lab:
        return [choose_lab(labs, lab)]
    expired = backend.expired()
    living = [name for name in labs if name not in expired]
    return expired if expired and not living else sorted([choose_lab(living, None), *expired])


def sweep(backend: Backend) -> None:
    """Remove expired labs, and report them."""
    for name in backend.remove_expired():
        console.print_note(f"{name} had expired and was removed")


def _take_down(backend: Backend, name: str, volumes: bool) -> dict[str, Any]:
    with console.progress() as progress:
        progress(f"removing {name}")
        return {"lab": name, "containers": take_down(name, backend.engine, volumes=volumes)}


def render(
    context: typer.Context,
    stack: SourceArgument = None,
    files: FileOption = None,
    impair: ImpairOption = None,
    name: NameOption = None,
    env_files: EnvFileOption = None,
    project: ProjectOption = None,
    compose_profiles: ComposeProfileOption = None,
    ports: PortsOption = None,
    engine: EngineOption = ENGINES[0],
    graph: GraphOption = False,
) -> None:
    """Print the file that `up` would start, or a picture.

    \b
    Examples:
      synthlab render call.yaml > compose.yaml
      synthlab render -f compose.yaml --impair all
      synthlab render call.yaml --engine swarm
      synthlab render call.yaml --graph > call.svg
    """
    from ...deploy.address_plan import plan_addresses
    from ...deploy.compose_file import render as render_compose_file
    from ...deploy.host_ports import choose_ports
    from ...deploy.subnets import SWARM_PREFIX, choose_subnet
    from ...deploy.swarm_file import refuse_unfit_for_swarm, render_swarm

    backend: Backend = context.obj
    source = StackSource(stack, files, impair, env_files, project, compose_profiles, ports, engine)
    described = source.read(backend, name)
    if graph:
        from ...report.topology import topology_svg

        console.print_text(topology_svg(described))
        return
    if described.swarm:
        refuse_unfit_for_swarm(described)
        subnet = str(choose_subnet(described.name, SWARM_PREFIX, backend.engine.subnets()))
        console.print_text(render_swarm(described, subnet, images={}, stored={}, running=None))
        return
    console.print_text(render_compose_file(described, choose_ports(described), plan_addresses(described)))


def demo(context: typer.Context, json: JsonOption = False) -> None:
    """Start a call, limit it, and show the effect.

    The upload of client2 is limited, the video that client1 receives is measured, and the call is removed.

    \b
    Example:
      synthlab demo
    """
    from ..demo import demo_table, run_demo

    with console.progress() as progress:
        outcome = run_demo(context.obj, progress)
    if json:
        console.print_json(asdict(outcome))
    else:
        console.print_table(demo_table(outcome))
    outcome.judge()

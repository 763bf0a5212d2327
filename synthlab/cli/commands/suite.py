"""`test`: run one's own test suite in a lab."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syntheticnet.conditions import DIRECTIONS, Conditions, ConditionsError

from ...control.backend import Backend
from ...control.container_lookup import find_member
from ...control.outside import outside_line
from ...engine.ttl import SHORTEST_TTL_NS
from ...errors import WrongUse, no_such
from ...stack.durations import read_duration
from ...text.durations import seconds_of
from .. import console
from ..condition_flags import take_files
from .labs import NameOption, TtlOption, sweep
from .options import OtherStackOption, TimeoutOption
from .stack_source import (
    ComposeProfileOption,
    EnvFileOption,
    FileOption,
    ImpairOption,
    PortsOption,
    ProjectOption,
    StackSource,
)

if TYPE_CHECKING:
    from ...lab.lab import Lab
    from ...lab.suite import Setting, SuiteResult
    from ...stack import Stack

LAB_VARIABLE = "SYNTHLAB_LAB"

CommandArgument = Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The suite and its arguments.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=PROFILE",
        help="Set this while the suite runs: a profile, or a value such as web:egress.loss=5%. Repeatable.",
    ),
]
InOption = Annotated[
    str | None, typer.Option("--in", metavar="NAME", help="Run it in this service or client, not on this machine.")
]
KeepOption = Annotated[bool, typer.Option("--keep", help="Leave the lab up.")]
EvidenceOption = Annotated[
    Path, typer.Option("--evidence", metavar="FOLDER", help="Where to keep evidence of a suite that does not pass.")
]


def suite(
    context: typer.Context,
    command: CommandArgument,
    files: FileOption = None,
    settings: SetOption = None,
    impair: ImpairOption = None,
    stack: OtherStackOption = None,
    inside: InOption = None,
    name: NameOption = None,
    keep: KeepOption = False,
    evidence: EvidenceOption = Path("synthlab-evidence"),
    timeout: TimeoutOption = 120,
    ttl: TtlOption = None,
    env_files: EnvFileOption = None,
    project: ProjectOption = None,
    compose_profiles: ComposeProfileOption = None,
    ports: PortsOption = None,
) -> None:
    """Run your own test suite in a lab.

    Starts the lab, sets networks, runs the suite, and removes the lab. A service named by --set is impaired. The
    suite finds the lab's name in SYNTHLAB_LAB, which every command uses.

    The exit status is the suite's own; 3 if the lab did not start, or was too slow to trust the result. If the suite
    does not pass, logs, conditions, stats and packets are kept.

    \b
    Examples:
      synthlab test -f compose.yaml --set db=wpt/3g -- npm test
      synthlab test -f compose.yaml --set web:egress.loss=5% -- pytest -x
      synthlab test -f compose.yaml --set db:latency=80ms --in web -- ./smoke.sh
      synthlab test -f compose.yaml --set 'db:netem=loss 1% 25%' -- pytest
      synthlab test --stack call.yaml --set client2=wpt/2g -- npx playwright test
    """
    from ...deploy.launch import without_new_volumes
    from ...lab.bring_up import bring_up
    from ...lab.lab import Lab
    from ...lab.suite import run_suite

    backend: Backend = context.obj
    wanted = [read_setting(text) for text in settings or ()]
    ttl_s = seconds_of(read_duration("--ttl", ttl, SHORTEST_TTL_NS)) if ttl else None
    named = [*(impair or ()), *_services(files, wanted)]
    source = StackSource(stack, files, named or None, env_files, project, compose_profiles, ports)
    described = source.read(backend, name)
    _refuse(described, wanted, inside)
    for said in [line for one in wanted for line in one.translated]:
        console.print_note(said)
    sweep(backend)
    with without_new_volumes(described, backend.engine, always=not keep):
        with console.progress() as progress:
            made = bring_up(described, backend, progress, timeout, ttl_s)
        lab = Lab(backend, made.name, backend.engine.containers(made.name), made)
        if line := outside_line(lab.members):
            console.print_note(line)
        lab.keep = keep
        with lab:
            result = run_suite(lab, wanted, _runner(lab, command, inside), evidence)
            _report(result, evidence)
    if keep:
        console.print_note(f"{lab.name} is still up: take it down with `synthlab down {lab.name}`")
    raise typer.Exit(result.exit_code)


def read_setting(text: str) -> Setting:
    """A value of `--set`: NAME=PROFILE, or NAME:[DIRECTION.]CONDITION=VALUE. Raises WrongUse."""
    from ...lab.suite import Setting
    from ...stack.netem import KEY, translate
    from ...stack.netem_change import expand_values
    from ...stack.profiles import find_profile

    target, equals, value = text.partition("=")
    name, colon, place = target.partition(":")
    if not (name and equals and value) or (colon and not place):
        raise WrongUse(f"--set: {text!r} is not of the form NAME=PROFILE or NAME:egress.loss=5%")
    try:
        if not colon:
            profile = find_profile(value)
            return Setting(name=name, change=profile.conditions.to_dict(), files=profile.files)
        direction, dot, condition = place.partition(".")
        directions = (direction,) if dot else DIRECTIONS
        values, files = take_files(expand_values({condition if dot else place: value}))
        change = dict.fromkeys(directions, values)
        Conditions().changed(change)
    except ConditionsError as error:
        raise WrongUse(f"--set {text}: {error}") from None
    except WrongUse as error:
        raise WrongUse(f"--set {text}: {error.message}") from None
    lines = translate(value).lines(f"--set {target}") if KEY in (condition, place) else ()
    return Setting(name=name, change=change, files=files, translated=tuple(lines))


def _services(files: list[Path] | None, wanted: list[Setting]) -> Iterator[str]:
    """The services that are impaired because a setting names them; those of a stack are impaired by the stack."""
    for setting in wanted if files else ():
        yield setting.name


def _refuse(stack: Stack, wanted: list[Setting], inside: str | None) -> None:
    """Raise WrongUse for a name that the lab will not have."""
    names, groups = list(stack.networks), list(dict.fromkeys(stack.groups.values()))
    for setting in wanted:
        if setting.name not in (*names, *groups):
            raise WrongUse(f"--set: {no_such('client', setting.name, names, groups, ' in this lab')}")
    members = [*names, *(stack.compose.services if stack.compose else ()), *stack.servers]
    if inside and inside not in members:
        raise WrongUse(f"--in: {no_such('service or client', inside, members, where=' in this lab')}")


def _runner(lab: Lab, command: list[str], inside: str | None) -> Callable[[], int]:
    """What runs the suite and returns its exit status."""
    from ...engine.process import run_attached

    if inside is None:
        environment = {**os.environ, LAB_VARIABLE: lab.name}
        return lambda: run_attached(command, environment)
    container = find_member(lab.name, lab.members, inside)
    return lambda: run_attached(lab.backend.engine.exec_command(container, command, console.is_asked()))


def _report(result: SuiteResult, folder: Path) -> None:
    """Print what to know beside the suite's own output."""
    for doubt in result.doubts:
        console.print_note(f"inconclusive: {doubt}")
    for problem in result.problems:
        console.print_note(problem)
    if result.evidence:
        console.print_note(f"evidence in {folder}:")
        for shows, path in result.evidence.items():
            console.print_note(f"  {shows}: {path}")

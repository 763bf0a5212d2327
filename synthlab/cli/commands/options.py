"""Arguments and options shared by several commands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from ...errors import WrongUse
from .. import completion_names

SUFFIXES = (".yaml", ".yml")
USUAL_FLOWS = ("*:udp", "*:tcp", "sfu", "sfu:udp")


def complete_clients(context: typer.Context, incomplete: str) -> list[str]:
    """The names of clients and groups of the running labs."""
    return starting(
        incomplete, lambda: completion_names.client_names(completion_names.members(), context.params.get("lab"))
    )


def complete_expressions(context: typer.Context, incomplete: str) -> list[str]:
    """The possible beginnings of an expression."""
    return [f"{name}." for name in complete_clients(context, incomplete)]


def complete_labs(incomplete: str) -> list[str]:
    return starting(incomplete, lambda: completion_names.lab_names(completion_names.members()))


def complete_flows(context: typer.Context, incomplete: str) -> list[str]:
    """The flows of the clients on the line, and common ones."""
    clients = context.params.get("names") or ()
    return starting(
        incomplete,
        lambda: completion_names.flow_names(completion_names.members(), context.params.get("lab"), clients),
        USUAL_FLOWS,
    )


def starting(incomplete: str, ask: Callable[[], Iterable[str]], always: Iterable[str] = ()) -> list[str]:
    """The names that start with `incomplete`; errors are ignored, as they would print into the user's command line."""
    try:
        known = list(ask())
    except Exception:
        known = []
    return [name for name in dict.fromkeys([*known, *always]) if name.startswith(incomplete)]


def complete_stacks(incomplete: str) -> list[str]:
    """The bundled stacks, and local YAML files."""
    from ... import assets

    bundled = sorted(file.name for file in assets.stacks().glob("*.yaml"))
    return starting(incomplete, lambda: _yaml_files(incomplete), bundled)


def _yaml_files(incomplete: str) -> list[str]:
    """The YAML files and folders whose paths start with `incomplete`; hidden ones only after a dot."""
    folder, slash, begin = incomplete.rpartition("/")
    paths = [
        f"{folder}{slash}{entry.name}{'/' * entry.is_dir()}"
        for entry in Path(folder + slash).iterdir()
        if entry.name.startswith(begin)
        and (begin or entry.name[0] != ".")
        and (entry.is_dir() or entry.suffix in SUFFIXES)
    ]
    return sorted(paths)


def complete_profiles(incomplete: str) -> list[str]:
    from ...stack.profiles import profiles

    return starting(incomplete, profiles)


def complete_scenarios(incomplete: str) -> list[str]:
    """The bundled scenarios, and local YAML files."""
    from ... import assets

    bundled = sorted(file.stem for file in (assets.stacks() / "scenarios").glob("*.yaml"))
    return starting(incomplete, lambda: _yaml_files(incomplete), bundled)


def finite(seconds: float) -> float:
    """Return `seconds`; raises BadParameter for infinity and NaN."""
    if not math.isfinite(seconds):
        raise typer.BadParameter(f"{seconds} is not a number of seconds")
    return seconds


def read_variables(entries: list[str] | None) -> dict[str, str]:
    """The variables of `--var NAME=VALUE`; raises WrongUse for another form, or a duplicate name."""
    variables: dict[str, str] = {}
    for entry in entries or ():
        name, equals, value = entry.partition("=")
        if not (name and equals):
            raise WrongUse(f"--var: {entry!r} is not of the form NAME=VALUE, such as RATE=1mbit")
        if name in variables:
            raise WrongUse(f"--var {name}: given more than once")
        variables[name] = value
    return variables


LabOption = Annotated[
    str | None,
    typer.Option(
        "--lab",
        metavar="NAME",
        envvar="SYNTHLAB_LAB",
        help="The lab; optional if only one is up.",
        autocompletion=complete_labs,
    ),
]
TimeoutOption = Annotated[
    float,
    typer.Option("--timeout", metavar="SECONDS", min=1, help="How long to wait until it is healthy.", callback=finite),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
StackArgument = Annotated[
    str,
    typer.Argument(metavar="STACK", help="A stack file, or a bundled stack.", autocompletion=complete_stacks),
]
ClientsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="Clients, groups or servers; all by default.", autocompletion=complete_clients),
]
ClientArgument = Annotated[str, typer.Argument(metavar="CLIENT", help="A client.", autocompletion=complete_clients)]
SomeClientsArgument = Annotated[
    list[str], typer.Argument(metavar="NAME", help="Clients, groups or servers.", autocompletion=complete_clients)
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Start from a profile: wpt/3g, or or office.yaml#slow from a file.",
        autocompletion=complete_profiles,
    ),
]
ScenarioArgument = Annotated[
    str,
    typer.Argument(metavar="NAME", help="A scenario file, or a bundled scenario.", autocompletion=complete_scenarios),
]
ScenariosArgument = Annotated[
    list[str],
    typer.Argument(metavar="NAME", help="Scenario files, or bundled scenarios.", autocompletion=complete_scenarios),
]
VarOption = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="Set a variable, or a dotted key of the stack. Repeatable."),
]
OtherStackOption = Annotated[
    str | None,
    typer.Option(
        "--stack",
        metavar="STACK",
        help="Use this stack instead of the scenario's.",
        autocompletion=complete_stacks,
    ),
]
ScenarioSeedOption = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", min=0, max=2**63 - 1, help="Seed of random walks and random loss."),
]
RetryOption = Annotated[
    int,
    typer.Option("--retry-inconclusive", min=0, metavar="N", help="Rerun an inconclusive run, N times at most."),
]
OneLabOption = Annotated[
    bool,
    typer.Option("--one-lab/--new-labs", help="Share a lab where the scenario allows, or start one for each run."),
]
EvidenceOption = Annotated[
    Path | None,
    typer.Option("--evidence", metavar="FOLDER", help="Where to keep evidence; by default next to the report."),
]
HostOption = Annotated[
    bool,
    typer.Option(
        "--allow-host",
        envvar="SYNTHLAB_ALLOW_HOST",
        help="Let files outside your project act with your rights: commands, builds, ...",
    ),
]

"""The arguments and options that several commands share."""

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
    """Names of clients and groups of the running labs, for the shell; no lab, no names."""
    return _starting(
        incomplete, lambda: completion_names.client_names(completion_names.members(), context.params.get("lab"))
    )


def complete_expressions(context: typer.Context, incomplete: str) -> list[str]:
    """What an expression may begin with."""
    return [f"{name}." for name in complete_clients(context, incomplete)]


def complete_labs(incomplete: str) -> list[str]:
    return _starting(incomplete, lambda: completion_names.lab_names(completion_names.members()))


def complete_flows(context: typer.Context, incomplete: str) -> list[str]:
    """The flows that the clients of the line have, and the usual ones."""
    clients = context.params.get("names") or ()
    return _starting(
        incomplete,
        lambda: completion_names.flow_names(completion_names.members(), context.params.get("lab"), clients),
        USUAL_FLOWS,
    )


def _starting(incomplete: str, ask: Callable[[], Iterable[str]], always: Iterable[str] = ()) -> list[str]:
    """The names that begin so; none where nobody answers, for a failure must not write into the user's line."""
    try:
        known = list(ask())
    except Exception:
        known = []
    return [name for name in dict.fromkeys([*known, *always]) if name.startswith(incomplete)]


def _complete_stacks(incomplete: str) -> list[str]:
    """The bundled stacks, and the files and folders that there are."""
    from ... import assets

    bundled = sorted(file.name for file in assets.stacks().glob("*.yaml"))
    return _starting(incomplete, lambda: _yaml_files(incomplete), bundled)


def _yaml_files(incomplete: str) -> list[str]:
    """The YAML files whose paths begin so, and the folders, in which there may be some; hidden ones if asked for."""
    folder, slash, begin = incomplete.rpartition("/")
    found = [
        f"{folder}{slash}{entry.name}{'/' * entry.is_dir()}"
        for entry in Path(folder + slash).iterdir()
        if entry.name.startswith(begin)
        and (begin or entry.name[0] != ".")
        and (entry.is_dir() or entry.suffix in SUFFIXES)
    ]
    return sorted(found)


def complete_profiles(incomplete: str) -> list[str]:
    from ...stack.profiles import profiles

    return _starting(incomplete, profiles)


def complete_scenarios(incomplete: str) -> list[str]:
    """The bundled scenarios, and the files that there are."""
    from ... import assets

    bundled = sorted(file.stem for file in (assets.stacks() / "scenarios").glob("*.yaml"))
    return _starting(incomplete, lambda: _yaml_files(incomplete), bundled)


def finite(seconds: float) -> float:
    """The same; what is no number, or has no end, is refused as any other wrong value."""
    if not math.isfinite(seconds):
        raise typer.BadParameter(f"{seconds} is not a number of seconds")
    return seconds


def read_variables(written: list[str] | None) -> dict[str, str]:
    """The variables that `--var NAME=VALUE` gives; raises WrongUse for what is not of that form, or given twice."""
    variables: dict[str, str] = {}
    for entry in written or ():
        name, equals, value = entry.partition("=")
        if not (name and equals):
            raise WrongUse(f"--var: {entry!r} is not of the form NAME=VALUE, such as RATE=1mbit")
        if name in variables:
            raise WrongUse(f"--var {name}: is given twice")
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
    typer.Argument(metavar="STACK", help="A stack file, or a bundled stack.", autocompletion=_complete_stacks),
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
        help="Start from a profile: wpt/3g, or office.yaml#slow of a file.",
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
    typer.Option("--var", metavar="NAME=VALUE", help="Set a variable of the scenario. May be repeated."),
]
OtherStackOption = Annotated[
    str | None,
    typer.Option(
        "--stack",
        metavar="STACK",
        help="Use this stack instead of the scenario's.",
        autocompletion=_complete_stacks,
    ),
]
ScenarioSeedOption = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", min=0, max=2**63 - 1, help="Seed of random walks and random loss."),
]

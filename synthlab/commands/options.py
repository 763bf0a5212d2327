"""The arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from ..world import real_world


def _complete_clients(context: typer.Context, incomplete: str) -> list[str]:
    """Names of clients and groups of the running lab, for the shell; no lab, no names."""
    try:
        lab = real_world().lab(context.params.get("lab"))
    except Exception:
        return []  # a completion that fails must not write into the user's line
    names = dict.fromkeys(name for client in lab.clients for name in (client.group, client.name))
    return [name for name in names if name.startswith(incomplete)]


def _complete_labs(incomplete: str) -> list[str]:
    try:
        labs = real_world().engine.labs()
    except Exception:
        return []
    return [lab for lab in labs if lab.startswith(incomplete)]


def _complete_stacks(incomplete: str) -> list[str]:
    from .. import assets

    return sorted(file.name for file in assets.stacks().glob(f"{incomplete}*.yaml"))


def _complete_profiles(incomplete: str) -> list[str]:
    from ..profiles import profiles

    return [name for name in profiles() if name.startswith(incomplete)]


LabOption = Annotated[
    str | None,
    typer.Option(
        "--lab",
        metavar="NAME",
        envvar="SYNTHLAB_LAB",
        help="The lab that is meant, when several are up.",
        autocompletion=_complete_labs,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
StackArgument = Annotated[
    str,
    typer.Argument(metavar="STACK", help="A stack file, or a bundled one's name.", autocompletion=_complete_stacks),
]
ClientsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="CLIENT", help="Clients or groups; all if none.", autocompletion=_complete_clients),
]
SomeClientsArgument = Annotated[
    list[str], typer.Argument(metavar="CLIENT", help="Clients or groups.", autocompletion=_complete_clients)
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Start from a profile such as wpt/3g.",
        autocompletion=_complete_profiles,
    ),
]

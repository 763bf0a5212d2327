"""The flags of `set` for a router's NAT."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from syntheticnet.conditions import NAT_KINDS, ConditionsError, Nat

from .condition_flags import refuse_flag


def _complete_kinds(incomplete: str) -> list[str]:
    return [kind for kind in NAT_KINDS if kind.startswith(incomplete)]


NatOption = Annotated[
    str | None,
    typer.Option("--nat", metavar="KIND", help=f"Of a router: {', '.join(NAT_KINDS)}.", autocompletion=_complete_kinds),
]
HairpinOption = Annotated[
    bool | None,
    typer.Option("--hairpin/--no-hairpin", help="Neighbours reach each other at their external ports. Requires --nat."),
]
TimeoutOption = Annotated[
    str | None,
    typer.Option("--mapping-timeout", metavar="30s", help="How long an idle mapping of UDP lasts. Requires --nat."),
]
PreservingOption = Annotated[
    bool | None,
    typer.Option("--port-preserving/--no-port-preserving", help="External ports are the inner ones. Requires --nat."),
]


def nat_change(kind: str | None, hairpin: bool | None, timeout: str | None, preserving: bool | None) -> dict[str, Any]:
    """What these flags change; nothing without any. Raises WrongUse for an invalid value."""
    more = {"hairpin": hairpin, "mapping_timeout": timeout, "port_preserving": preserving}
    given = {name: value for name, value in more.items() if value is not None}
    if kind is None:
        for name in given:
            refuse_flag(name, f"requires --nat, one of {', '.join(NAT_KINDS)}")
        return {}
    try:
        return {"nat": Nat.parse({"kind": kind, **given}).to_written()}
    except ConditionsError as error:
        name = error.where.removeprefix("nat").removeprefix(".")
        refuse_flag("nat" if name in ("", "kind") else name, error.what)

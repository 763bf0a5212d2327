"""`profile`: lists and shows named sets of conditions and their sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Annotated

import typer

from syntheticnet.conditions import DIRECTIONS

from ...stack.profiles import DELAYS, Profile, find_profile, profiles, profiles_of, sources
from .. import console
from ..console import Table
from ..tables import NOTHING
from .options import JsonOption, complete_profiles

profile = typer.Typer(help="List and show network profiles.")


def _complete_sources(incomplete: str) -> list[str]:
    return [name for name in sources() if name.startswith(incomplete)]


SourceArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="SOURCE",
        help="For example wpt, or a file of yours. All bundled by default.",
        autocompletion=_complete_sources,
    ),
]
NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="For example wpt/3g, or office.yaml#slow of your own file.",
        autocompletion=complete_profiles,
    ),
]


@profile.command("list")
def list_(source: SourceArgument = None, json: JsonOption = False) -> None:
    """List profiles and their values.

    \b
    Examples:
      synthlab profile list
      synthlab profile list wpt
      synthlab profile list ./office.yaml --json
    """
    found = profiles_of(source) if source else list(profiles().values())
    if json:
        console.print_json([one.to_dict() for one in found])
        return
    for table in _tables(found):
        console.print_table(table)


@profile.command("show")
def show(name: NameArgument, json: JsonOption = False) -> None:
    """Show the values and the source of a profile.

    \b
    Examples:
      synthlab profile show wpt/3g
      synthlab profile show ./office.yaml#slow --json
    """
    found = find_profile(name)
    if json:
        console.print_json(found.to_dict())
        return
    facts = {"source": found.source, "licence": found.licence, "delay": DELAYS[found.delay], "remark": found.remark}
    rows = [*zip(DIRECTIONS, _links(found), strict=True), *((what, text) for what, text in facts.items() if text)]
    console.print_table(Table((found.name, ""), rows))


def _tables(found: Iterable[Profile]) -> Iterator[Table]:
    """One table per source."""
    for source, group in groupby(found, lambda one: one.source):
        rows = [(one.name, *_links(one), one.delay) for one in group]
        yield Table(("profile", *DIRECTIONS, "source's delay"), rows, title=source)


def _links(found: Profile) -> list[str]:
    """The values of each direction on one line."""
    links = found.conditions.to_dict()
    return [
        ", ".join(f"{name} {str(value).lower() if value is True else value}" for name, value in link.items()) or NOTHING
        for link in (links.get(direction, {}) for direction in DIRECTIONS)
    ]

"""`doctor` and `images`: what a lab needs of this machine."""

from __future__ import annotations

from dataclasses import asdict

import typer

from .. import console
from ..console import Table
from ..errors import SynthlabError
from ..world import World
from .options import JsonOption

images = typer.Typer(help="Build or remove the images that labs are made of.")


def doctor(context: typer.Context, json: JsonOption = False) -> None:
    """Look whether this machine has what a lab needs, and say how to mend what is missing."""
    from ..doctor import examine

    world: World = context.obj
    findings = examine(world.engine)
    if json:
        console.print_json([asdict(finding) for finding in findings])
    else:
        rows = [(finding.mark, finding.subject, finding.told, finding.mending) for finding in findings]
        console.print_table(Table(("", "what", "found", "how to mend it"), rows))
    failed = [finding.subject for finding in findings if finding.ok is False]
    if failed:
        raise SynthlabError(f"a lab cannot run here yet: {', '.join(failed)}")


@images.command("build")
def build(context: typer.Context) -> None:
    """Build the images that synthlab brings along; those that are current stay as they are."""
    from ..builder import ensure_built
    from ..images import all_bundled, in_build_order

    world: World = context.obj
    with console.progress() as tell:
        ensure_built(in_build_order(all_bundled()), world.engine, tell)
    for tag in all_bundled():
        console.print_line(f"{tag} is current")


@images.command("remove")
def remove(context: typer.Context) -> None:
    """Remove the images that synthlab has built."""
    world: World = context.obj
    for tag in world.engine.remove_images():
        console.print_line(f"{tag} removed")

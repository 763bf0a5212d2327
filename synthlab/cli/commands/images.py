"""`images`: builds synthlab's images, and copies them to other machines."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ...control.backend import Backend
from .. import console
from ..console import Table
from ..tables import NOTHING
from .options import JsonOption
from .outputs import refuse_output

images = typer.Typer(help="Build, list and transfer synthlab's images.")


def _complete_images(incomplete: str) -> list[str]:
    from ...deploy.images import bundled_names

    return [name for name in bundled_names() if name.startswith(incomplete)]


ImagesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="IMAGE",
        help="For example chrome, with its base; by default all.",
        autocompletion=_complete_images,
    ),
]
OutputOption = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The tar file to write.")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A tar file written by `images save`.")]
PrefixArgument = Annotated[str, typer.Argument(metavar="PREFIX", help="Registry and path, for example ghcr.io/acme.")]


@images.command("build")
def build(context: typer.Context, names: ImagesArgument = None, json: JsonOption = False) -> None:
    """Build synthlab's images.

    Images that are current are not rebuilt.

    \b
    Examples:
      synthlab images build
      synthlab images build bot
    """
    from ...deploy.image_steps import ensure_built
    from ...deploy.images import selected

    backend: Backend = context.obj
    wanted = selected(names or ())
    with console.progress() as progress:
        ensure_built(wanted, backend.engine, progress)
    _report_tags([image.tag for image in wanted], "is current", json)


@images.command("ls")
def ls(context: typer.Context, json: JsonOption = False) -> None:
    """List the images that synthlab has built.

    Bundled images are current, stale (built from other files) or missing. Other images belong to stacks with a
    `browser`, or to another version.

    \b
    Example:
      synthlab images ls
    """
    from ...deploy.image_transfer import kept_images, other_images
    from ...deploy.images import selected

    backend: Backend = context.obj
    bundled = kept_images(selected(()), backend.engine)
    rows = [*bundled, *other_images(bundled, backend.engine)]
    if json:
        console.print_json([asdict(row) for row in rows])
        return
    cells = [(row.image, row.version or NOTHING, _size(row.size), row.state) for row in rows]
    console.print_table(Table(("image", "version", "size", "state"), cells))
    if any(row.state != "current" for row in bundled):
        console.print_note("`synthlab images build` builds all stale and missing images, `synthlab up` those it needs")


@images.command("key")
def key(names: ImagesArgument = None) -> None:
    """Print a key for a cache of images.

    It changes whenever `images build` would build other images, and needs no engine.

    \b
    Examples:
      synthlab images key
      synthlab images key bot janus
    """
    from ...deploy.images import cache_key, selected

    console.print_line(cache_key(selected(names or ())))


@images.command("rm")
def remove(context: typer.Context, json: JsonOption = False) -> None:
    """Remove all images that synthlab has built.

    \b
    Example:
      synthlab images rm
    """
    backend: Backend = context.obj
    _report_tags(backend.engine.remove_images(), "removed", json)


@images.command("save")
def save(
    context: typer.Context,
    output: OutputOption = Path("images.tar"),
    names: ImagesArgument = None,
    json: JsonOption = False,
) -> None:
    """Save images to a tar file.

    Includes base images, so that nothing is built after `images load`.

    \b
    Examples:
      synthlab images save -o images.tar
      synthlab images save -o bot.tar bot
    """
    from ...deploy import image_transfer
    from ...deploy.images import selected

    refuse_output("-o", output)
    backend: Backend = context.obj
    with console.progress() as progress:
        tags = image_transfer.save(selected(names or ()), output, backend.engine, progress)
    _report_tags(tags, f"saved to {output}", json)


@images.command("load")
def load(context: typer.Context, file: FileArgument, json: JsonOption = False) -> None:
    """Load images from a tar file.

    \b
    Example:
      synthlab images load images.tar
    """
    from ...deploy import image_transfer

    backend: Backend = context.obj
    with console.progress() as progress:
        tags = image_transfer.load(file, backend.engine, progress)
    _report_tags(tags, "loaded", json)


@images.command("push")
def push(
    context: typer.Context, prefix: PrefixArgument, names: ImagesArgument = None, json: JsonOption = False
) -> None:
    """Push images to a registry.

    Tags contain the version; base images are included.

    \b
    Example:
      synthlab images push ghcr.io/acme
    """
    from ...deploy import image_transfer
    from ...deploy.images import selected

    backend: Backend = context.obj
    with console.progress() as progress:
        tags = image_transfer.push(selected(names or ()), prefix, backend.engine, progress)
    _report_tags(tags, "pushed", json)


@images.command("pull")
def pull(
    context: typer.Context, prefix: PrefixArgument, names: ImagesArgument = None, json: JsonOption = False
) -> None:
    """Pull images from a registry.

    Pulls the images of this version that `images push` pushed.

    \b
    Example:
      synthlab images pull ghcr.io/acme chrome bot
    """
    from ...deploy import image_transfer
    from ...deploy.images import selected

    backend: Backend = context.obj
    with console.progress() as progress:
        tags = image_transfer.pull(selected(names or ()), prefix, backend.engine, progress)
    _report_tags(tags, "pulled", json)


def _report_tags(tags: list[str], what: str, json: bool) -> None:
    if json:
        console.print_json(tags)
        return
    for tag in tags:
        console.print_line(f"{tag} {what}")


def _size(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size else NOTHING

"""`init`: write a first stack file for a Compose project of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...control.backend import Backend
from ...errors import WrongUse
from ...text.atomic_file import write_whole
from .. import console
from .stack_source import ComposeProfileOption, EnvFileOption, ProjectOption, StackSource

if TYPE_CHECKING:
    from ...stack.compose_source import ComposeFile

FilesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "-f", "--file", metavar="FILE", help="A Compose file; repeatable. By default, those that Compose finds."
    ),
]
OutputOption = Annotated[Path, typer.Option("--output", metavar="FILE", help="The stack file to write.")]


def init(
    context: typer.Context,
    files: FilesOption = None,
    output: OutputOption = Path("synthlab.yaml"),
    env_files: EnvFileOption = None,
    project: ProjectOption = None,
    compose_profiles: ComposeProfileOption = None,
) -> None:
    """Write a stack file for your own Compose project.

    It lists the services that can be impaired, with their networks and ports, and why others cannot. Nothing else is
    written, and no file is overwritten.

    \b
    Examples:
      synthlab init -f compose.yaml
      synthlab init -f compose.yaml -f compose.test.yaml --output lab.yaml
    """
    backend: Backend = context.obj
    if output.exists():
        raise WrongUse(f"--output: {output} exists: choose another file")
    source = StackSource(None, files, None, env_files, project, compose_profiles)
    compose = source.read_compose(backend)
    try:
        write_whole(output, "".join(f"{line}\n" for line in stack_lines(compose, files or [], output)))
    except OSError as error:
        raise WrongUse(f"--output: {output}: {error.strerror}") from None
    console.print_line(f"wrote {output}: start the lab with `synthlab up {output}`")


def stack_lines(compose: ComposeFile, files: list[Path], output: Path) -> Iterator[str]:
    """The stack file: services that can be impaired as clients, the others as comments."""
    from ...stack.services import why_not

    named = files or [Path("compose.yaml")]
    yield f"# Start with `synthlab up {output.name}`, then change a network: `synthlab set NAME --latency 80ms`."
    yield f"compose: [{', '.join(str(_relative(file, output)) for file in named)}]"
    reasons = {service: why_not(compose, service) for service in compose.services}
    if all(reasons.values()):
        yield "# No service can be impaired. Add a client, such as a browser: see docs/stacks.md."
        yield "clients: {}"
    else:
        yield "clients:"
    for service, reason in reasons.items():
        if reason:
            yield f"  # {reason}"
        else:
            yield f"  {service}: {{service: {service}, network: {{}}}}  # {_facts(compose.services[service])}"


def _facts(body: Any) -> str:
    """What a reader may want to know of a service: its image, networks and ports."""
    from ...stack.services import networks_of, replica_count

    parts = [str(body.get("image") or "built"), f"networks: {', '.join(networks_of(body)) or 'bridge'}"]
    ports = [f"{port.get('published') or 'any'}:{port['target']}" for port in body.get("ports") or ()]
    parts += [f"ports: {', '.join(ports)}"] if ports else []
    parts += [f"{replica_count(body)} replicas"] if replica_count(body) > 1 else []
    return "; ".join(parts)


def _relative(file: Path, output: Path) -> Path:
    """The file as seen from the folder of the stack."""
    import os

    return Path(os.path.relpath(file, output.parent))

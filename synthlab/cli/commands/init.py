"""`init`: write a first stack file for a Compose project of one's own, or a small project that works at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...control.backend import Backend
from ...errors import WrongUse
from ...text.atomic_file import write_whole
from .. import console
from ..starters import TEMPLATES, files_of, next_steps, write_files
from .stack_source import ComposeProfileOption, EnvFileOption, ProjectOption, StackSource

if TYPE_CHECKING:
    from ...stack.compose_source import ComposeFile

FilesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "-f", "--file", metavar="FILE", help="A Compose file; repeatable. By default, those that Compose finds."
    ),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="The stack file to write; synthlab.yaml by default.")
]


def _complete_templates(incomplete: str) -> list[str]:
    return [name for name in TEMPLATES if name.startswith(incomplete)]


TemplateOption = Annotated[
    str | None,
    typer.Option(
        "--template",
        metavar="NAME",
        help=f"Write a small project into this folder instead: {', '.join(TEMPLATES)}.",
        autocompletion=_complete_templates,
    ),
]


def init(
    context: typer.Context,
    files: FilesOption = None,
    template: TemplateOption = None,
    output: OutputOption = None,
    env_files: EnvFileOption = None,
    project: ProjectOption = None,
    compose_profiles: ComposeProfileOption = None,
) -> None:
    """Write a first stack file, or a small project.

    The stack file is for your own Compose project. It lists the services that can be impaired, with
    their networks and ports, and why others cannot.

    With --template the files of a small project are written into the current folder: a lab of two light clients
    (bare), a Compose project with what synthlab adds (compose), a test for Playwright or pytest, or jobs for GitHub
    Actions and GitLab (ci). What to do next is printed.

    No file is overwritten.

    \b
    Examples:
      synthlab init -f compose.yaml
      synthlab init -f compose.yaml -f compose.test.yaml --output lab.yaml
      synthlab init --template pytest
    """
    backend: Backend = context.obj
    source = StackSource(None, files, None, env_files, project, compose_profiles)
    if template is None:
        _write_stack(source, backend, output or Path("synthlab.yaml"))
        return
    given = {"-f": files, "--output": output, "--env-file": env_files, "-p": project}
    for option, value in (given | {"--compose-profile": compose_profiles}).items():
        if value:
            raise WrongUse(f"{option}: not together with --template, whose files have names of their own")
    _write_template(template)


def _write_template(template: str) -> None:
    written = files_of(template)
    write_files(written, Path())
    console.print_line(f"wrote {', '.join(written)}; next:")
    for line in next_steps(template):
        console.print_line(f"  {line}")


def _write_stack(source: StackSource, backend: Backend, output: Path) -> None:
    if output.exists():
        raise WrongUse(f"--output: {output} exists: choose another file")
    compose = source.read_compose(backend)
    try:
        write_whole(output, "".join(f"{line}\n" for line in stack_lines(compose, source.files or [], output)))
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

"""What `up` and `render` bring up: a stack file, or the user's own Compose project."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...control.backend import Backend
from ...engine.factory import ENGINES
from ...errors import WrongUse
from .. import console
from .options import complete_stacks

if TYPE_CHECKING:
    from ...stack import Stack
    from ...stack.compose_source import ComposeFile, ComposeInput

SourceArgument = Annotated[
    str | None,
    typer.Argument(metavar="[STACK]", help="A stack file, or a bundled stack.", autocompletion=complete_stacks),
]
FileOption = Annotated[
    list[Path] | None,
    typer.Option("-f", "--file", metavar="FILE", help="A Compose file of your own in place of STACK; repeatable."),
]
ImpairOption = Annotated[
    list[str] | None,
    typer.Option("--impair", metavar="SERVICE", help="Condition this service of it, or `all`; repeatable."),
]
EnvFileOption = Annotated[
    list[Path] | None, typer.Option("--env-file", metavar="FILE", help="Compose's variables, in place of .env.")
]
ProjectOption = Annotated[
    str | None,
    typer.Option("-p", "--project-name", metavar="NAME", help="The Compose project; synthlab-LAB by default."),
]
PortsOption = Annotated[
    str | None,
    typer.Option("--ports", metavar="auto", help="Let Docker draw the host ports that the Compose files fix."),
]
ComposeProfileOption = Annotated[
    list[str] | None,
    typer.Option("--compose-profile", metavar="NAME", help="One of Compose's own profiles; repeatable."),
]

EngineOption = Annotated[
    str,
    typer.Option("--engine", metavar="|".join(ENGINES), help="Where the lab runs: this machine, or a swarm's nodes."),
]
RegistryOption = Annotated[
    str | None,
    typer.Option("--registry", metavar="HOST:PORT", help="Push the images there, for the swarm's nodes to pull."),
]


@dataclass(frozen=True, slots=True)
class StackSource:
    """What a command line names. With neither `stack` nor `files`, `impair` means the files that Compose finds."""

    stack: str | None
    files: list[Path] | None = None
    impair: list[str] | None = None
    env_files: list[Path] | None = None
    project: str | None = None
    profiles: list[str] | None = None
    ports: str | None = None
    engine: str = ENGINES[0]
    registry: str | None = None

    def read(self, backend: Backend, lab: str | None) -> Stack:
        """The stack; reports Compose's warnings. Raises WrongUse."""
        from ...deploy.collisions import with_drawn_ports
        from ...deploy.engine_choice import on_engine
        from ...stack import read_stack
        from ...stack.project import read_project

        config = backend.engine.compose_config
        if self.stack is not None:
            self._refuse_both()
            stack = read_stack(self.stack, lab, compose=config)
        elif self.files or self.impair:
            stack = read_project(self._input(), self.impair or (), config, lab)
        else:
            raise WrongUse("name a stack, such as `call.yaml`, or a Compose file of your own with -f and --impair")
        if stack.compose:
            _show_warnings(stack.compose)
        drawn = with_drawn_ports(stack) if self._draws_ports() else stack
        return on_engine(drawn, self.engine, self.registry, "--{}")

    def _draws_ports(self) -> bool:
        from ...deploy.collisions import AUTO

        if self.ports not in (None, AUTO):
            raise WrongUse(f"--ports: {self.ports!r} is not {AUTO}, the only value")
        return self.ports is not None

    def read_compose(self, backend: Backend) -> ComposeFile:
        """The Compose project alone; reports Compose's warnings. Raises WrongUse."""
        from ...stack.compose_source import read_compose

        compose = read_compose(self._input(), os.environ, backend.engine.compose_config)
        _show_warnings(compose)
        return compose

    def _input(self) -> ComposeInput:
        from ...stack.compose_source import ComposeInput

        return ComposeInput(
            files=tuple(self.files or ()),
            env_files=tuple(self.env_files or ()),
            project=self.project,
            profiles=tuple(self.profiles or ()),
        )

    def _refuse_both(self) -> None:
        """Raise WrongUse for an option that does not go with a stack file."""
        given = {
            "-f": self.files,
            "--impair": self.impair,
            "--env-file": self.env_files,
            "-p": self.project,
            "--compose-profile": self.profiles,
        }
        for option, value in given.items():
            if value:
                raise WrongUse(
                    f"{option}: not together with the stack {self.stack}, whose `compose:` and `clients:` say the same"
                )


def _show_warnings(compose: ComposeFile) -> None:
    for warning in compose.warnings:
        console.print_note(f"compose: {warning}")

"""An engine that a command names: by its address, or by a context of the engine's command."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import SynthlabError, WrongUse, no_such
from .advice import Advice
from .docker_engine import Engine
from .process import run_program

SCHEMES = ("ssh", "tcp", "unix")
TIMEOUT_S = 20.0
LISTING_S = 2.0

# The id alone is not enough: engines of one machine share it.
_FORMAT = "synthlab: {{.ServerVersion}} {{.ID}} {{.Name}} {{.DockerRootDir}}"
_ANSWER = re.compile(r"^synthlab: (\S+) (\S+ .+)$")


@dataclass(frozen=True, slots=True)
class EngineIdentity:
    """What an engine says about itself. `id` differs between engines."""

    version: str
    id: str


@dataclass(frozen=True, slots=True)
class NamedEngine:
    """`name` is an address, or the name of a context."""

    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def is_context(self) -> bool:
        return "://" not in self.name

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a program use this engine."""
        address, context = ("", self.name) if self.is_context else (self.name, "")
        return {self.advice.address_variable: address, "DOCKER_CONTEXT": context}

    @property
    def advice(self) -> Advice:
        return Engine.advice

    def identity(self) -> EngineIdentity:
        """Ask the engine; raises SynthlabError, in one line with its name, if it does not answer."""
        lines: list[str] = []
        run_program(
            [Engine.command, "info", "--format", _FORMAT],
            environment={**os.environ, **self.environment},
            on_line=lines.append,
            timeout_s=TIMEOUT_S,
        )
        for answer in filter(None, map(_ANSWER.match, lines)):
            return EngineIdentity(answer[1], answer[2])
        # Without an answer, the command fills in nothing, and may say why.
        said = [line for line in lines if not line.startswith(_FORMAT.split()[0])]
        raise SynthlabError(f"{self}: {said[-1] if said else f'no answer within {TIMEOUT_S:g} s'}")


def read_engines(lists: Sequence[str]) -> list[NamedEngine]:
    """The engines of comma-separated lists; raises WrongUse for what names none, or the same one twice."""
    names = [name.strip() for entry in lists for name in entry.split(",")]
    for name in names:
        scheme, separator, rest = name.partition("://")
        if not name or (separator and not (scheme in SCHEMES and rest)):
            raise WrongUse(f"{name!r} is no engine: give ssh://..., tcp://..., unix://... or the name of a context")
        if names.count(name) > 1:
            raise WrongUse(f"{name} is given more than once")
    engines = [NamedEngine(name) for name in names]
    asked = [engine.name for engine in engines if engine.is_context]
    known = context_names() if asked else []
    for name in asked:
        if name not in known:
            raise WrongUse(no_such("context", name, known))
    return engines


def context_names() -> list[str]:
    """The contexts of the engine's command."""
    lines: list[str] = []
    listing = [Engine.command, "context", "ls", "--format", "{{.Name}}"]
    finished = run_program(listing, on_line=lines.append, timeout_s=LISTING_S)
    return lines if finished.status == 0 else []

"""`--engines`: reads which engines share the runs of scenarios, and checks and prepares each before anything starts."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated

import typer

from ...engine.api import EngineApi
from ...engine.factory import make_engine
from ...errors import SynthlabError, WrongUse
from .. import console
from .options import starting

if TYPE_CHECKING:
    from ...engine.named_engine import EngineIdentity, NamedEngine
    from ...stack import Stack


def complete_engines(incomplete: str) -> list[str]:
    """The contexts that are not yet in the list."""
    from ...engine.named_engine import context_names

    before, comma, begin = incomplete.rpartition(",")
    given = before.split(",")
    return [f"{before}{comma}{name}" for name in starting(begin, context_names) if name not in given]


EnginesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--engines",
        metavar="ENGINE,...",
        help="Share the runs among these: ssh://..., tcp://..., unix://..., or contexts.",
        autocompletion=complete_engines,
    ),
]


def engines_for(lists: Sequence[str] | None, runs: int) -> list[NamedEngine]:
    """The engines that share this many runs; none without the option. Raises WrongUse."""
    from ...engine.named_engine import read_engines

    if not lists:
        return []
    if runs < 2:
        raise WrongUse("--engines: one run cannot be shared: give --repeat 2 or more, or several scenarios")
    try:
        return read_engines(lists)
    except WrongUse as error:
        raise WrongUse(f"--engines: {error.message}") from None


def make_ready(engines: Sequence[NamedEngine], stacks: Sequence[Stack]) -> None:
    """Check that each engine answers, and build or pull there what the stacks need.

    Prints a line for each that fails, and then exits; raises WrongUse for two names of one engine.
    """
    with ThreadPoolExecutor(len(engines)) as pool:
        answers = list(pool.map(_identity, engines))
    _exit_for(answers)
    _refuse_same(engines, [answer for answer in answers if not isinstance(answer, SynthlabError)])
    _exit_for([_prepared(engine, stacks) for engine in engines])


def _identity(engine: NamedEngine) -> EngineIdentity | SynthlabError:
    from ..doctor import version_of

    try:
        identity = engine.identity()
    except SynthlabError as error:
        return error
    oldest = engine.advice.oldest
    if version_of(identity.version) < oldest:
        return SynthlabError(f"{engine}: engine {identity.version} is too old; {oldest[0]}.{oldest[1]} is required")
    return identity


def _refuse_same(engines: Sequence[NamedEngine], identities: Iterable[EngineIdentity]) -> None:
    names: dict[str, str] = {}
    for engine, identity in zip(engines, identities, strict=True):
        if identity.id in names:
            raise WrongUse(f"--engines: {names[identity.id]} and {engine} are the same engine")
        names[identity.id] = engine.name


def _prepared(engine: NamedEngine, stacks: Iterable[Stack]) -> SynthlabError | None:
    """Build or pull the images of the stacks on an engine; the error if that fails."""
    from ...deploy.image_steps import image_for_lock, perform, stack_steps

    try:
        with _chosen(engine) as api, console.progress() as show:

            def progress(text: str) -> None:
                show(f"{engine}: {text}")

            for stack in stacks:
                image_for_lock(stack, api, progress)
                perform(stack_steps(stack, api), api, progress)
    except SynthlabError as error:
        return SynthlabError(f"{engine}: {error.message}", error.details)
    return None


@contextlib.contextmanager
def _chosen(engine: NamedEngine) -> Iterator[EngineApi]:
    """The engine's API. Meanwhile our environment names it, because the programs that we start read that."""
    before = dict(os.environ)
    os.environ.update(engine.environment)
    api = make_engine()
    try:
        yield api
    finally:
        api.close()
        os.environ.clear()
        os.environ.update(before)


def _exit_for(outcomes: Iterable[object]) -> None:
    errors = [outcome for outcome in outcomes if isinstance(outcome, SynthlabError)]
    for error in errors:
        console.print_error(error)
    if errors:
        raise typer.Exit(SynthlabError.exit_code)

"""Brings a stack up: all of it, or nothing."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ..engine.clock import MACHINE, Clock
from ..engine.compose import PortTaken, compose_up
from ..engine.containers import EngineApi
from ..engine.health import raise_for_failed, wait_until_ready
from ..errors import SynthlabError
from ..interrupts import uninterrupted
from ..stack import Ports, Stack
from .claim import claimed
from .compose_file import digest, render
from .host_ports import choose_ports, fixed_ports, free_on
from .image_build import ensure_images, image_for_lock
from .servers import server_count
from .services import project_name

ID_BYTES = 8

Tell = Callable[[str], None]


@contextlib.contextmanager
def launched(
    stack: Stack, engine: EngineApi, tell: Tell, timeout_s: float, ttl_s: float | None = None
) -> Iterator[None]:
    """Have the lab up while what is done inside lasts, and take it down after that, whatever happens."""
    made = launch(stack, engine, tell, timeout_s, ttl_s)
    try:
        yield
    finally:
        tell(f"taking {made.name} down")
        with uninterrupted():
            engine.remove_lab(made.name, made.made_by or "")


def launch(
    stack: Stack,
    engine: EngineApi,
    tell: Tell,
    timeout_s: float,
    ttl_s: float | None = None,
    replacing: bool = False,
    clock: Clock = MACHINE,
) -> Stack:
    """Build the images, start the containers, and wait until every client is healthy; the stack as it was made.

    With a `ttl_s` the lab ends by itself so long after the start of its containers. Nobody else on the engine brings
    the same lab up meanwhile. A lab of this name that is up is refused or, when `replacing`, taken down as soon as the
    images are there. Raises SynthlabError with the last lines of the container that failed, and what its
    health check said, after removing everything that was made here, and nothing else.
    """
    marked = replace(stack, made_by=os.urandom(ID_BYTES).hex(), digest=digest(stack))
    with claimed(stack.name, image_for_lock(stack, engine, tell), engine, clock) as claim:

        def told(text: str) -> None:
            claim.check()
            tell(text)

        if not replacing:
            refuse_running(stack, engine)
            choose_ports(stack, free_on(engine.address()))  # to refuse a taken port early: later it may be another
        ensure_images(stack, engine, told)
        if stack.name in engine.labs():
            told(f"taking down what is there of {stack.name}")
            engine.remove_lab(stack.name)
        return _launch(marked, engine, told, timeout_s, ttl_s, clock)


def _launch(stack: Stack, engine: EngineApi, tell: Tell, timeout_s: float, ttl_s: float | None, clock: Clock) -> Stack:
    with all_or_nothing(stack, engine, tell):
        bounded = stack if ttl_s is None else replace(stack, expires=math.ceil(clock.epoch_s() + ttl_s))
        _start(bounded, engine, tell, clock)
        wait_until_ready(stack.name, _size(stack), engine, tell, timeout_s, clock=clock)
    return bounded


@contextlib.contextmanager
def all_or_nothing(stack: Stack, engine: EngineApi, tell: Tell) -> Iterator[None]:
    """Remove what this `up` has made of the lab when what is done inside fails or is interrupted."""
    try:
        yield
    except BaseException:
        with uninterrupted():
            with contextlib.suppress(SynthlabError):  # the claim is lost
                tell(f"removing what was made of {stack.name}")
            engine.remove_lab(stack.name, stack.made_by or "")
        raise


def refuse_running(stack: Stack, engine: EngineApi) -> None:
    """Raise when a lab of this name is there already, whole or in part."""
    if is_edited(stack, engine):
        raise SynthlabError(
            f"the lab '{stack.name}' is up, and {stack.file} is not what it was made of: `synthlab up` with --replace "
            "takes it down and brings up what the file says now; --name NAME makes another lab"
        )
    if engine.containers(stack.name):
        raise SynthlabError(
            f"the lab '{stack.name}' is up already: take it down with `synthlab down {stack.name}`, "
            "or give this one another name with --name"
        )


def is_edited(stack: Stack, engine: EngineApi) -> bool:
    """Whether a lab of this name is up that was made of another stack, or of this one before somebody edited it."""
    made_of = {container.digest for container in engine.containers(stack.name)} - {""}
    return bool(made_of) and made_of != {digest(stack)}


def _start(stack: Stack, engine: EngineApi, tell: Tell, clock: Clock) -> None:
    try:
        try:
            _compose(stack, choose_ports(stack, free_on(engine.address())), tell)
        except PortTaken:
            tell("a usual port has just been taken: Docker draws another")
            _compose(stack, fixed_ports(stack), tell)
    except SynthlabError:
        raise_for_failed(engine, stack.name, clock)
        raise


def _compose(stack: Stack, ports: Mapping[str, Ports], tell: Tell) -> None:
    started: set[str] = set()

    def on_line(line: str) -> None:
        if line.endswith(("Started", "Healthy")):
            started.add(line.split()[1])
            tell(f"containers: {len(started)}/{_size(stack)} started")

    tell(f"containers: 0/{_size(stack)} started")
    compose_up(project_name(stack.name), render(stack, ports), on_line)


def _size(stack: Stack) -> int:
    return len(stack.clients) + server_count(stack)

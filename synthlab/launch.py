"""Brings a stack up: all of it, or nothing."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

from .builder import ensure_images, image_for_lock
from .claim import claimed
from .compose import PortTaken, compose_up
from .containers import Container, EngineApi
from .errors import SynthlabError
from .interrupts import uninterrupted
from .lab import Lab
from .media import wait_for_media
from .ports import choose_ports, fixed_ports, free_on
from .render import digest, render
from .services import project_name
from .sfu import sfu_size
from .stack import Ports, Stack
from .turn import turn_services
from .world import World

POLL_S = 0.2
LOG_LINES = 15
ID_BYTES = 8
LAST_WORDS_S = 0.5  # a container that is just ending is called unhealthy first

Tell = Callable[[str], None]


def bring_up(
    stack: Stack,
    world: World,
    tell: Tell,
    timeout_s: float,
    ttl_s: float | None = None,
    wait_media: bool = False,
    replacing: bool = False,
) -> Lab:
    """As `launch`, and wait until every client has seen every other's video if `wait_media`; the lab."""
    made = launch(stack, world.engine, tell, timeout_s, ttl_s, replacing)
    with all_or_nothing(made, world.engine, tell):
        lab = Lab(world, made.name, world.engine.containers(made.name), made)
        if wait_media:
            wait_for_media(lab, tell, timeout_s)
    return lab


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
) -> Stack:
    """Build the images, start the containers, and wait until every client is healthy; the stack as it was made.

    With a `ttl_s` the lab ends by itself so long after the start of its containers. Nobody else on the engine brings
    the same lab up meanwhile. A lab of this name that is up is refused or, when `replacing`, taken down as soon as the
    images are there. Raises SynthlabError with the last lines of the container that failed, and what its
    health check said, after removing everything that was made here, and nothing else.
    """
    marked = replace(stack, made_by=os.urandom(ID_BYTES).hex(), digest=digest(stack))
    with claimed(stack.name, image_for_lock(stack, engine, tell), engine) as claim:

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
        return _launch(marked, engine, told, timeout_s, ttl_s)


def _launch(stack: Stack, engine: EngineApi, tell: Tell, timeout_s: float, ttl_s: float | None) -> Stack:
    with all_or_nothing(stack, engine, tell):
        bounded = stack if ttl_s is None else replace(stack, expires=math.ceil(time.time() + ttl_s))
        _start(bounded, engine, tell)
        wait_until_ready(stack.name, _size(stack), engine, tell, timeout_s)
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


def _start(stack: Stack, engine: EngineApi, tell: Tell) -> None:
    try:
        try:
            _compose(stack, choose_ports(stack, free_on(engine.address())), tell)
        except PortTaken:
            tell("a usual port has just been taken: Docker draws another")
            _compose(stack, fixed_ports(stack), tell)
    except SynthlabError:
        _raise_for_failed(engine, stack.name)
        raise


def _compose(stack: Stack, ports: Mapping[str, Ports], tell: Tell) -> None:
    started: set[str] = set()

    def on_line(line: str) -> None:
        if line.endswith(("Started", "Healthy")):
            started.add(line.split()[1])
            tell(f"containers: {len(started)}/{_size(stack)} started")

    tell(f"containers: 0/{_size(stack)} started")
    compose_up(project_name(stack.name), render(stack, ports), on_line)


def wait_until_ready(
    lab: str, size: int, engine: EngineApi, tell: Tell, timeout_s: float, ids: Collection[str] = ()
) -> None:
    """Wait until all `size` containers of the lab, or those of the `ids`, are healthy; raises SynthlabError."""
    deadline = time.monotonic() + timeout_s
    while True:
        containers = [container for container in engine.containers(lab) if not ids or container.id in ids]
        late = [container for container in containers if not container.ready]
        tell(f"healthy: {len(containers) - len(late)}/{size}")
        if len(containers) < size:
            raise SynthlabError(f"{size - len(containers)} of the {size} containers of '{lab}' have been removed")
        if not late:
            return
        if any(container.failed for container in late):
            _raise_for_failed(engine, lab)
        if time.monotonic() > deadline:
            raise _with_last_lines(f"{late[0].title} is not healthy after {timeout_s:g} s", engine, late[0])
        time.sleep(POLL_S)


def _raise_for_failed(engine: EngineApi, lab: str) -> None:
    """Raise for the container that has failed, if any: one that has ended rather than one that is only unhealthy."""
    time.sleep(LAST_WORDS_S)
    failed = [container for container in engine.containers(lab) if container.failed]
    for container in sorted(failed, key=lambda container: container.state == "running"):
        raise _with_last_lines(f"{container.title} did not come up ({container.status})", engine, container)


def _with_last_lines(what: str, engine: EngineApi, container: Container) -> SynthlabError:
    """The error with the end of its log under it, and above that its health check where that has not passed."""
    probe = engine.last_probe(container)[:LOG_LINES] if container.health in ("starting", "unhealthy") else []
    logs = engine.logs(container, LOG_LINES)
    said = "its last lines:" if logs else "it wrote nothing"
    if probe:
        said = f"its health check and {said}" if logs else f"{said}; its health check:"
    return SynthlabError(f"{what}; {said}", [*probe, *logs])


def _size(stack: Stack) -> int:
    return len(stack.clients) + sfu_size(stack) + len(turn_services(stack))

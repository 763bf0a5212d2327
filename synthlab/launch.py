"""Brings a stack up: all of it, or nothing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping

from .builder import ensure_images
from .compose import PortTaken, compose_up
from .containers import Container, EngineApi
from .errors import SynthlabError
from .interrupts import uninterrupted
from .ports import choose_ports, fixed_ports
from .render import render
from .services import project_name
from .stack import Ports, Sfu, Stack

POLL_S = 0.2
LOG_LINES = 15
LAST_WORDS_S = 0.5  # a container that is just ending is called unhealthy first

Tell = Callable[[str], None]


@contextlib.contextmanager
def all_or_nothing(lab: str, engine: EngineApi, tell: Tell) -> Iterator[None]:
    """Remove the lab again when what is done inside fails or is interrupted."""
    try:
        yield
    except BaseException:
        tell(f"removing what was made of {lab}")
        with uninterrupted():
            engine.remove_lab(lab)
        raise


def launch(stack: Stack, engine: EngineApi, tell: Tell, timeout_s: float) -> None:
    """Build the images, start the containers, and wait until every client is healthy.

    Raises SynthlabError with the last lines of the container that failed, after removing everything.
    """
    refuse_running(stack, engine)
    choose_ports(stack)  # only to refuse a taken port before the images are built: by then it may be another
    ensure_images(stack, engine, tell)
    with all_or_nothing(stack.name, engine, tell):
        _start(stack, engine, tell)
        _wait_until_ready(stack, engine, tell, timeout_s)


def refuse_running(stack: Stack, engine: EngineApi) -> None:
    """Raise when a lab of this name is there already, whole or in part."""
    if engine.containers(stack.name):
        raise SynthlabError(
            f"the lab '{stack.name}' is up already: take it down with `synthlab down --lab {stack.name}`, "
            "or give this one another name with --name"
        )


def _start(stack: Stack, engine: EngineApi, tell: Tell) -> None:
    try:
        try:
            _compose(stack, choose_ports(stack), tell)
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


def _wait_until_ready(stack: Stack, engine: EngineApi, tell: Tell, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        containers = engine.containers(stack.name)
        late = [container for container in containers if not container.ready]
        tell(f"healthy: {len(containers) - len(late)}/{_size(stack)}")
        if not late:
            return
        if any(container.failed for container in late):
            _raise_for_failed(engine, stack.name)
        if time.monotonic() > deadline:
            what = f"{_name(late[0])} is not healthy after {timeout_s:g} s; its last lines:"
            raise SynthlabError(what, engine.logs(late[0], LOG_LINES))
        time.sleep(POLL_S)


def _raise_for_failed(engine: EngineApi, lab: str) -> None:
    """Raise for the container that has failed, if any: one that has ended rather than one that is only unhealthy."""
    time.sleep(LAST_WORDS_S)
    failed = [container for container in engine.containers(lab) if container.failed]
    for container in sorted(failed, key=lambda container: container.state == "running"):
        logs = engine.logs(container, LOG_LINES)
        said = "its last lines:" if logs else "it wrote nothing"
        raise SynthlabError(f"{_name(container)} did not come up ({container.status}); {said}", logs)


def _name(container: Container) -> str:
    return container.client or container.role


def _size(stack: Stack) -> int:
    return len(stack.clients) + isinstance(stack.sfu, Sfu)

"""Brings a stack up: all of it, or nothing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from .builder import ensure_images
from .compose import compose_up
from .containers import Container, EngineApi
from .errors import SynthlabError
from .interrupts import uninterrupted
from .ports import choose_ports
from .render import render
from .services import project_name
from .stack import Sfu, Stack

POLL_S = 0.2
LOG_LINES = 15

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
    rendered = render(stack, choose_ports(stack))
    ensure_images(stack, engine, tell)
    with all_or_nothing(stack.name, engine, tell):
        _start(stack, rendered, engine, tell)
        _wait_until_ready(stack, engine, tell, timeout_s)


def refuse_running(stack: Stack, engine: EngineApi) -> None:
    """Raise when a lab of this name is there already, whole or in part."""
    if engine.containers(stack.name):
        raise SynthlabError(
            f"the lab '{stack.name}' is up already: take it down with `synthlab down --lab {stack.name}`, "
            "or give this one another name with --name"
        )


def _start(stack: Stack, rendered: str, engine: EngineApi, tell: Tell) -> None:
    started: set[str] = set()

    def on_line(line: str) -> None:
        if line.endswith(("Started", "Healthy")):
            started.add(line.split()[1])
            tell(f"containers: {len(started)}/{_size(stack)} started")

    tell(f"containers: 0/{_size(stack)} started")
    try:
        compose_up(project_name(stack.name), rendered, on_line)
    except SynthlabError:
        _raise_for_failed(engine, engine.containers(stack.name))
        raise


def _wait_until_ready(stack: Stack, engine: EngineApi, tell: Tell, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        containers = engine.containers(stack.name)
        ready = sum(container.ready for container in containers)
        tell(f"healthy: {ready}/{_size(stack)}")
        _raise_for_failed(engine, containers)
        if ready == _size(stack):
            return
        if time.monotonic() > deadline:
            late = next((container for container in containers if not container.ready), None)
            logs = engine.logs(late, LOG_LINES) if late else []
            raise SynthlabError(f"{_name(late)} is not healthy after {timeout_s:g} s; its last lines:", logs)
        time.sleep(POLL_S)


def _raise_for_failed(engine: EngineApi, containers: list[Container]) -> None:
    for container in containers:
        if container.failed:
            logs = engine.logs(container, LOG_LINES)
            said = "its last lines:" if logs else "it wrote nothing"
            raise SynthlabError(f"{_name(container)} did not come up ({container.status}); {said}", logs)


def _name(container: Container | None) -> str:
    return (container.client or container.role) if container else "a container"


def _size(stack: Stack) -> int:
    return len(stack.clients) + isinstance(stack.sfu, Sfu)

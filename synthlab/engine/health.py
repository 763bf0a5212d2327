"""Waits until a lab's containers are healthy, and reports why one is not."""

from __future__ import annotations

from collections.abc import Collection

from ..errors import SynthlabError
from ..text.progress import Progress
from .api import EngineApi
from .clock import MACHINE, Clock
from .containers import Container

POLL_S = 0.2
LONG_POLL_S = 0.6
CHECKED_S = 5.0
LOG_LINES = 15
LAST_WORDS_S = 0.5  # a container that is exiting is reported as unhealthy first


def wait_until_ready(
    lab: str,
    size: int,
    engine: EngineApi,
    progress: Progress,
    timeout_s: float,
    names: Collection[str] = (),
    clock: Clock = MACHINE,
) -> None:
    """Wait until all `size` containers of the lab, or only those of `names`, are healthy; else raise SynthlabError."""
    deadline = clock.now_s() + timeout_s
    while True:
        began = clock.now_s()
        containers = [container for container in engine.containers(lab) if not names or container.name in names]
        late = [container for container in containers if not container.ready]
        progress(f"healthy: {len(containers) - len(late)}/{size}")
        if len(containers) < size:
            raise SynthlabError(f"{size - len(containers)} of the {size} containers of '{lab}' have been removed")
        if not late:
            return
        # This looks once more before it raises, so a container that only failed for a moment is waited for.
        if any(container.failed for container in late):
            raise_for_failed(engine, lab, clock)
        if clock.now_s() > deadline:
            raise _with_last_lines(f"{late[0].title} is not healthy after {timeout_s:g} s", engine, late[0])
        # To list many containers takes CPU time that they need to start.
        clock.sleep(min(max(POLL_S, clock.now_s() - began), LONG_POLL_S))


def wait_until_checked(lab: str, engine: EngineApi, names: Collection[str], clock: Clock = MACHINE) -> list[Container]:
    """Wait, CHECKED_S at most, until these resumed containers are healthy; returns those that are not.

    Docker calls a resumed container unhealthy until its next health check has ended.
    """
    deadline = clock.now_s() + CHECKED_S
    while True:
        late = [container for container in engine.containers(lab) if container.name in names and not container.ready]
        if not late or clock.now_s() > deadline:
            return late
        clock.sleep(POLL_S)


def raise_for_failed(engine: EngineApi, lab: str, clock: Clock = MACHINE) -> None:
    """Raise for a failed container, if any; one that exited takes precedence over one that is unhealthy."""
    clock.sleep(LAST_WORDS_S)
    failed = [container for container in engine.containers(lab) if container.failed]
    for container in sorted(failed, key=lambda container: container.state == "running"):
        raise _with_last_lines(f"{container.title} did not come up ({container.status})", engine, container)


def _with_last_lines(what: str, engine: EngineApi, container: Container) -> SynthlabError:
    """The error, with its health check, if that has not passed, and the end of its log as details."""
    probe = engine.last_probe(container)[:LOG_LINES] if container.health in ("starting", "unhealthy") else []
    logs = engine.logs(container, LOG_LINES)
    heading = "its last lines:" if logs else "it wrote nothing"
    if probe:
        heading = f"its health check and {heading}" if logs else f"{heading}; its health check:"
    return SynthlabError(f"{what}; {heading}", [*probe, *logs])

"""Waiting until a lab's containers are healthy, and why one is not."""

from __future__ import annotations

from collections.abc import Collection

from ..errors import SynthlabError
from ..text.progress import Progress
from .api import EngineApi
from .clock import MACHINE, Clock
from .containers import Container

POLL_S = 0.2
LOG_LINES = 15
LAST_WORDS_S = 0.5  # a container that is just ending is called unhealthy first


def wait_until_ready(
    lab: str,
    size: int,
    engine: EngineApi,
    progress: Progress,
    timeout_s: float,
    ids: Collection[str] = (),
    clock: Clock = MACHINE,
) -> None:
    """Wait until all `size` containers of the lab, or those of the `ids`, are healthy; raises SynthlabError."""
    deadline = clock.now_s() + timeout_s
    while True:
        containers = [container for container in engine.containers(lab) if not ids or container.id in ids]
        late = [container for container in containers if not container.ready]
        progress(f"healthy: {len(containers) - len(late)}/{size}")
        if len(containers) < size:
            raise SynthlabError(f"{size - len(containers)} of the {size} containers of '{lab}' have been removed")
        if not late:
            return
        if any(container.failed for container in late):
            raise_for_failed(engine, lab, clock)
        if clock.now_s() > deadline:
            raise _with_last_lines(f"{late[0].title} is not healthy after {timeout_s:g} s", engine, late[0])
        clock.sleep(POLL_S)


def raise_for_failed(engine: EngineApi, lab: str, clock: Clock = MACHINE) -> None:
    """Raise for the container that has failed, if any: one that has ended rather than one that is only unhealthy."""
    clock.sleep(LAST_WORDS_S)
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

"""The build lock: one `up` per lab at a time on each engine. `down` may revoke it.

Two `up`s of one lab would race for the same container names, and Compose would replace one's containers by the other's.
The engine holds the lock, as a container: users of one engine may sit at different machines, and no killed `up` leaves
a lock behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..contract import project_name
from ..engine.api import EngineApi, Held
from ..engine.clock import MACHINE, Clock
from ..errors import SynthlabError
from ..interrupts import uninterrupted

PATIENCE_S = 1.0  # a lock just released, or one whose holder was just killed, is still listed for a moment
START_S = 10.0  # a lock not running by then never will be: whoever started it was killed half-way
QUIET_S = 1.0
MOST_S = 20.0
POLL_S = 0.1


class Claim:
    """The right to bring one lab up; lost when somebody takes the lab down."""

    def __init__(self, lab: str, held: Held) -> None:
        self._lab = lab
        self._held = held

    def check(self) -> None:
        """Raise SynthlabError if the claim was lost."""
        if self._held.lost():
            raise SynthlabError(
                f"the lab '{self._lab}' was taken down while it was being brought up, or the engine was stopped"
            )


@contextmanager
def claimed(lab: str, image: str, engine: EngineApi, clock: Clock = MACHINE) -> Iterator[Claim]:
    """Hold the lab's lock on the engine inside the `with`; the lock runs from `image`, which the engine must have.

    Raises SynthlabError if somebody else holds it. If the lab is taken down meanwhile, that error replaces any other.
    """
    held = _taken(lab, image, engine, clock)
    claim = Claim(lab, held)
    try:
        yield claim
    except SynthlabError:
        claim.check()
        raise
    finally:
        # A second Ctrl-C here would leave the lab locked until this process has exited.
        with uninterrupted():
            held.release()


def _taken(lab: str, image: str, engine: EngineApi, clock: Clock) -> Held:
    """The lock of a lab; a stale one that never started running is removed."""
    start = clock.now_s()
    while True:
        if held := engine.lock(lab, image):
            return held
        waited = clock.now_s() - start
        if waited > PATIENCE_S and engine.locks().get(lab) == "running":
            raise being_brought_up(lab)
        if waited > START_S:
            engine.unlock(lab)
        clock.sleep(POLL_S)


def refuse_claimed(lab: str, engine: EngineApi, clock: Clock = MACHINE) -> None:
    """Raise SynthlabError if the lab is being brought up; a lock that was just released does not count."""
    start = clock.now_s()
    while lab in engine.locks():
        if clock.now_s() - start > PATIENCE_S:
            raise being_brought_up(lab)
        clock.sleep(POLL_S)


def being_brought_up(lab: str) -> SynthlabError:
    """The error for a command that cannot run while the lab is being brought up."""
    return SynthlabError(
        f"the lab '{lab}' is being brought up: wait until it is up, stop that with `synthlab down {lab}`, "
        "or give yours another name with --lab"
    )


def take_down(lab: str, engine: EngineApi, clock: Clock = MACHINE, volumes: bool = False) -> int:
    """Remove a lab and stop any `up` still bringing it up; returns the number of containers removed.

    The named volumes of a Compose project remain, as with Compose, unless `volumes`.
    """
    projects = _projects(lab, engine)
    removed = _remove(lab, engine, clock)
    for project in projects if volumes else ():
        engine.remove_volumes(engine.compose_volumes(project))
    return removed


def volumes_of_lab(lab: str, engine: EngineApi) -> set[str]:
    """The named volumes of its Compose project."""
    return {volume for project in _projects(lab, engine) for volume in engine.compose_volumes(project)}


def _projects(lab: str, engine: EngineApi) -> set[str]:
    # Its usual project too: the containers of a lab that was half removed no longer name it.
    return {project_name(lab), *(name for name, owner in engine.compose_projects().items() if owner == lab)}


def _remove(lab: str, engine: EngineApi, clock: Clock) -> int:
    # The lock goes first: an `up` that still held it would go on creating containers after the removal.
    revoked = engine.unlock(lab)
    removed = engine.remove_lab(lab)
    return removed + (_remove_late(lab, engine, clock) if revoked else 0)


def _remove_late(lab: str, engine: EngineApi, clock: Clock) -> int:
    """Remove containers that the stopped `up` still creates, until none appear for QUIET_S; how many were removed.

    The engine finishes requests it already has, so containers can appear after their `up` is gone.
    """
    removed, start = 0, clock.now_s()
    last = start
    while clock.now_s() < min(last + QUIET_S, start + MOST_S):
        if lab in engine.labs():
            removed += engine.remove_lab(lab)
            last = clock.now_s()
        clock.sleep(POLL_S)
    return removed

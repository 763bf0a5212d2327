"""Who may bring a lab up, or build images: one at a time on each engine. `down` may end whoever is at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..engine.api import EngineApi, Held
from ..engine.clock import MACHINE, Clock
from ..errors import SynthlabError
from ..interrupts import uninterrupted

PATIENCE_S = 1.0  # one that has just been given back, or whose holder was just killed, is still there for a moment
START_S = 10.0  # a lock that does not run by then never will: whoever started it was killed half-way
QUIET_S = 1.0
MOST_S = 20.0
POLL_S = 0.1


class Claim:
    """The right to bring one lab up, as long as nobody takes the lab down."""

    def __init__(self, lab: str, held: Held) -> None:
        self._lab = lab
        self._held = held

    def check(self) -> None:
        """Raise SynthlabError when it is lost."""
        if self._held.lost():
            raise SynthlabError(
                f"the lab '{self._lab}' was taken down while it was being brought up, or the engine was stopped"
            )


@contextmanager
def claimed(lab: str, image: str, engine: EngineApi, clock: Clock = MACHINE) -> Iterator[Claim]:
    """Be the only one on the engine to bring this lab up; the lock runs from an `image` that the engine has.

    Raises SynthlabError where somebody else is at it, and, in place of what fails, when the lab was taken down.
    """
    held = _taken(lab, image, engine, clock)
    claim = Claim(lab, held)
    try:
        yield claim
    except SynthlabError:
        claim.check()
        raise
    finally:
        with uninterrupted():
            held.release()


def _taken(lab: str, image: str, engine: EngineApi, clock: Clock) -> Held:
    """The lock of a lab; one that never began to run is removed."""
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


def being_brought_up(lab: str) -> SynthlabError:
    """What to say to whoever needs this lab for itself, or whole."""
    return SynthlabError(
        f"the lab '{lab}' is being brought up: wait until it is up, end that with `synthlab down {lab}`, "
        "or give yours another name with --lab"
    )


def take_down(lab: str, engine: EngineApi, clock: Clock = MACHINE) -> int:
    """Remove all of a lab, and end whoever is bringing it up; how many containers it had."""
    ended = engine.unlock(lab)
    removed = engine.remove_lab(lab)
    return removed + (_remove_late(lab, engine, clock) if ended else 0)


def _remove_late(lab: str, engine: EngineApi, clock: Clock) -> int:
    """Remove what still comes from one who was ended, until nothing has come for a while; how many containers."""
    removed, begun = 0, clock.now_s()
    last = begun
    while clock.now_s() < min(last + QUIET_S, begun + MOST_S):
        if lab in engine.labs():
            removed += engine.remove_lab(lab)
            last = clock.now_s()
        clock.sleep(POLL_S)
    return removed

"""Does something at a steady pace; only where that is asked for does it catch up with what the machine missed."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from syntheticnet import syscalls as libc

# Nearer than this to the next turn it stays awake, so as to be in time; before, it sleeps and leaves the processor.
AWAKE_NS = 80_000


def pace(
    count: int,
    per_second: float,
    act: Callable[[int], object],
    clock: Callable[[], int] = time.monotonic_ns,
    sleep: Callable[[float], None] = time.sleep,
    hurried: bool = False,
) -> None:
    """Call `act(n)` for each n below `count`; a turn that is late moves all that follow, unless `hurried`."""
    libc.be_punctual()
    gap = round(1e9 / per_second)
    with _undisturbed():
        due = clock()
        for n in range(count):
            left = due - clock()
            if left > 2 * AWAKE_NS:
                sleep((left - AWAKE_NS) / 1e9)
            while (now := clock()) < due:
                pass
            act(n)
            due = (due if hurried else now) + gap


@contextmanager
def _undisturbed() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

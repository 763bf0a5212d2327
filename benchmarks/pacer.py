"""Calls a function at a steady pace; catches up after a delay only if asked to."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from syntheticnet import syscalls

# Busy-wait this long before the next call to be on time; sleep until then to leave the CPU to the forwarder.
AWAKE_NS = 80_000


def pace(
    count: int,
    per_second: float,
    act: Callable[[int], object],
    clock: Callable[[], int] = time.monotonic_ns,
    sleep: Callable[[float], None] = time.sleep,
    hurried: bool = False,
) -> None:
    """Call `act(n)` for each n below `count`; a late call delays all later ones, unless `hurried`."""
    syscalls.be_punctual()
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

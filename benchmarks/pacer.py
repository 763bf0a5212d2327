"""Calls a function at a steady pace or at given times; catches up with a steady pace only if asked to."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
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


def play(times: Sequence[int], act: Callable[[int], object], awake_ns: int = AWAKE_NS) -> None:
    """Call `act(n)` at each of these times, in ns from now; catches up if late.

    Busy-waits for `awake_ns` before each: with 0 it is a little late, and leaves the CPU to others.
    """
    syscalls.be_punctual()
    with _undisturbed():
        begin = time.monotonic_ns()
        for number, at in enumerate(times):
            left = begin + at - time.monotonic_ns()
            if left > 2 * awake_ns:
                time.sleep((left - awake_ns) / 1e9)
            while time.monotonic_ns() < begin + at:
                pass
            act(number)


@contextmanager
def _undisturbed() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

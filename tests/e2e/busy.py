"""A machine that is busy with something else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PROCESSORS = os.cpu_count() or 1


@contextmanager
def busy(loops: int = PROCESSORS) -> Iterator[None]:
    """So many programs, one for each processor by default, that use all the processor time they get."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for loop in running:
            loop.kill()
            loop.wait()

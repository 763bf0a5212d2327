"""How PID 1 reports to Docker's health probe (healthy.sh) that the container is ready.

PID 1 creates a FIFO when it starts, and opens it for writing once it is ready. The probe opens it for reading, which
waits for that: a probe that slept and looked again would cost more CPU time than the rest of a start.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path("/run/synthlab")


def prepare() -> None:
    """Remove what is left from before a restart of this container, and create the FIFO of this start."""
    for left_over in FOLDER.iterdir():
        left_over.unlink()
    os.mkfifo(_fifo(), 0o600)


def announce() -> None:
    """From now on a probe passes. The FIFO stays open for writing as long as PID 1 lives."""
    os.open(_fifo(), os.O_RDWR | os.O_CLOEXEC)


def _fifo() -> Path:
    """Its name holds PID 1's start time, so that a probe never waits at one from before a restart."""
    return FOLDER / f"ready.{Path('/proc/1/stat').read_text().split()[21]}"

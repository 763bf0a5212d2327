"""Describes the machine and its other load, so that figures can be compared."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Any


def facts(python: str) -> dict[str, Any]:
    """Call before the first run, while all load is other programs'; `python` runs what is measured."""
    return {
        "cpu": _cpu_model(),
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "python": python_version(python),
        "load_before": os.getloadavg()[0],
        "busy_before": busy_share(),
    }


def python_version(python: str) -> str:
    """Version and compiler of the interpreter at this path. Raises OSError and subprocess.SubprocessError."""
    program = "import platform; print(platform.python_version(), 'of', platform.python_compiler())"
    return subprocess.run(
        [python, "-c", program], check=True, capture_output=True, text=True, timeout=20
    ).stdout.strip()


def busy_share() -> float:
    """CPU share in use now, of all CPUs, 0 to 1; takes a second."""
    before = _idle_ticks()
    time.sleep(1.0)
    after = _idle_ticks()
    return 1 - (after[0] - before[0]) / max(1, after[1] - before[1])


def ticks() -> tuple[int, int]:
    """Clock ticks stolen by the hypervisor, and all ticks, summed over all CPUs."""
    fields = _fields()
    return fields[7], sum(fields)


def stolen_share(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Share of CPU time stolen between two calls of `ticks`."""
    return (after[0] - before[0]) / max(1, after[1] - before[1])


def _idle_ticks() -> tuple[int, int]:
    fields = _fields()
    return fields[3] + fields[4], sum(fields)


def _fields() -> list[int]:
    """Ticks of user, nice, system, idle, iowait, irq, softirq and steal."""
    return [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]


def _cpu_model() -> str:
    rows = Path("/proc/cpuinfo").read_text().splitlines()
    return next((row.split(":", 1)[1].strip() for row in rows if row.startswith("model name")), platform.machine())

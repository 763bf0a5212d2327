"""What machine the figures are of, and what else it did."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import Any


def facts() -> dict[str, Any]:
    """Taken before the first run, when the load is that of others."""
    return {
        "cpu": _cpu_model(),
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
        "busy_before": busy_share(),
    }


def busy_share() -> float:
    """The share of all processors that is in use now, over a second."""
    before = _idle_ticks()
    time.sleep(1.0)
    after = _idle_ticks()
    return 1 - (after[0] - before[0]) / max(1, after[1] - before[1])


def ticks() -> tuple[int, int]:
    """Clock ticks that were stolen by the host of a virtual machine, and all, of all processors together."""
    fields = _fields()
    return fields[7], sum(fields)


def stolen_share(before: tuple[int, int], after: tuple[int, int]) -> float:
    """The share of the time in between that was stolen."""
    return (after[0] - before[0]) / max(1, after[1] - before[1])


def _idle_ticks() -> tuple[int, int]:
    fields = _fields()
    return fields[3] + fields[4], sum(fields)


def _fields() -> list[int]:
    """Ticks as user, nice, system, idle, iowait, irq, softirq and steal."""
    return [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]


def _cpu_model() -> str:
    rows = Path("/proc/cpuinfo").read_text().splitlines()
    return next((row.split(":", 1)[1].strip() for row in rows if row.startswith("model name")), platform.machine())

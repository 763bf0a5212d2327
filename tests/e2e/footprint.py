"""CPU time and memory of containers, as the kernel counts them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .labs import docker


def processes(container: str) -> list[int]:
    """Process ids on the host."""
    return [int(pid) for pid in docker("top", container, "-eo", "pid").split()[1:]]


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU time used so far by all their threads."""
    files = [file for pid in pids for file in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(file.read_text().split()[0]) for file in files) / 1e9


def memory_mb(container: str) -> float:
    """The memory of all its processes; shared memory counts proportionally (PSS)."""
    total = 0
    for pid in processes(container):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024

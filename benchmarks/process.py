"""Reads a process's CPU time, wake-ups and memory from /proc, and stops child processes."""

from __future__ import annotations

import subprocess
from pathlib import Path

_END_SECONDS = 5


def cpu_ns(pid: int) -> int:
    """CPU time of all threads of a process."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def sleeps(pid: int) -> int:
    """How often a process has gone to sleep."""
    return int(_status(pid)["voluntary_ctxt_switches"])


def switches(pid: int) -> int:
    """Context switches, voluntary and not; each is followed by a wake-up."""
    rows = _status(pid)
    return int(rows["voluntary_ctxt_switches"]) + int(rows["nonvoluntary_ctxt_switches"])


def pss_bytes(pid: int) -> int:
    """Proportional set size: each shared page is divided among the processes that map it."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(row.split()[1]) * 1024 for row in rows if row.startswith("Pss:"))


def _status(pid: int) -> dict[str, str]:
    return dict(row.split(":", 1) for row in Path(f"/proc/{pid}/status").read_text().splitlines())


def ended(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Terminate a process and wait for it; kill it after 5 s."""
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

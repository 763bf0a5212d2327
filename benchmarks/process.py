"""What the kernel says of a process: its CPU time, its wake-ups, its memory; and how one is ended."""

from __future__ import annotations

import subprocess
from pathlib import Path

_END_SECONDS = 5


def cpu_ns(pid: int) -> int:
    """CPU time of a process with one thread."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def switches(pid: int) -> int:
    """How often the process went to sleep or had to give way; each is a wake-up."""
    rows = dict(row.split(":", 1) for row in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(rows["voluntary_ctxt_switches"]) + int(rows["nonvoluntary_ctxt_switches"])


def pss_bytes(pid: int) -> int:
    """Its memory, where each page counts for the share of one among all who have it."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(row.split()[1]) * 1024 for row in rows if row.startswith("Pss:"))


def ended(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """End a process and wait until it has ended."""
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

"""CPU load of the machine that runs the lab, read inside a container because the engine may be remote.

Sources: proc(5) for /proc/stat; https://docs.kernel.org/accounting/psi.html for /proc/pressure/cpu, whose `total` is
the time in microseconds during which at least one runnable task waited for a CPU.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from ..engine.api import EngineApi
from ..engine.containers import Container
from ..engine.exec import output_of
from ..errors import SynthlabError

READ_S = 5.0
LEAST_S = 2.0
_TOTAL = re.compile(r"some .*total=(\d+)")
# Fields of the first line: idle and iowait, as a CPU that waits for a disk is free too; and steal.
_IDLE, _STEAL = slice(3, 5), 7


@dataclass(frozen=True, slots=True)
class Busy:
    """The kernel's counters at a time: ticks of all CPUs, idle ticks, ticks stolen by a hypervisor, and microseconds
    during which a task waited (None if the kernel does not count them)."""

    at_s: float
    ticks: int
    idle: int
    stolen: int
    waited_us: int | None


@dataclass(frozen=True, slots=True)
class HostLoad:
    """Load between two readings, as shares: CPU time idle, CPU time stolen, and time during which a task waited."""

    idle: float
    stolen: float
    waiting: float | None

    def __str__(self) -> str:
        waiting = "" if self.waiting is None else f", programs waited {self.waiting:.0%} of the time"
        return f"{self.idle:.0%} idle, {self.stolen:.0%} stolen{waiting}"


def parse_busy(text: str, at_s: float) -> Busy:
    """Parse the first lines of both files; raises ValueError."""
    stat, _, pressure = text.partition("\n")
    name, *ticks = stat.split() or [""]
    if name != "cpu" or len(ticks) <= _STEAL:
        raise ValueError(f"not the first line of /proc/stat: {stat!r}")
    waited = _TOTAL.match(pressure)
    # `guest` and `guest_nice`, which follow `steal`, are already included in `user` and `nice`
    counts = list(map(int, ticks[: _STEAL + 1]))
    return Busy(at_s, sum(counts), sum(counts[_IDLE]), counts[_STEAL], int(waited[1]) if waited else None)


def load_between(before: Busy | None, after: Busy | None) -> HostLoad | None:
    """The load between two readings; None if one is missing or they are less than LEAST_S apart."""
    if before is None or after is None or after.at_s - before.at_s < LEAST_S:
        return None
    passed_s = after.at_s - before.at_s
    ticks = max(after.ticks - before.ticks, 1)
    waiting = None
    if before.waited_us is not None and after.waited_us is not None:
        waiting = min((after.waited_us - before.waited_us) / 1e6 / passed_s, 1.0)
    return HostLoad((after.idle - before.idle) / ticks, (after.stolen - before.stolen) / ticks, waiting)


def read_busy(engine: EngineApi, container: Container) -> Busy | None:
    """Read the counters inside a client's container; None if that fails."""
    try:
        written = output_of(engine.start_program(container, "machine"), READ_S)
        return parse_busy(written, time.monotonic())
    except (SynthlabError, ValueError):
        return None

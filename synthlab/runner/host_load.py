"""How busy the machine was on which the lab runs: read from inside a container, for the engine may be far away.

Sources: proc(5) for /proc/stat; https://docs.kernel.org/accounting/psi.html for /proc/pressure/cpu, whose `total` is
the time, in microseconds, in which at least one runnable task waited for a processor.
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
_IDLE, _STEAL = slice(3, 5), 7


@dataclass(frozen=True, slots=True)
class Busy:
    """The kernel's counts at a time: ticks of all processors, those in which they were idle, those that a hypervisor
    took, and microseconds in which tasks waited. None where the kernel does not count it."""

    at_s: float
    ticks: int
    idle: int
    stolen: int
    waited_us: int | None


@dataclass(frozen=True, slots=True)
class HostLoad:
    """Between two readings: shares of processor time that were idle and stolen, and of time in which a task waited."""

    idle: float
    stolen: float
    waiting: float | None

    def __str__(self) -> str:
        waiting = "" if self.waiting is None else f", programs waited {self.waiting:.0%} of the time"
        return f"{self.idle:.0%} idle, {self.stolen:.0%} taken{waiting}"


def parse_busy(text: str, at_s: float) -> Busy:
    """From the first lines of the two files; raises ValueError where they are none."""
    stat, _, pressure = text.partition("\n")
    name, *ticks = stat.split() or [""]
    if name != "cpu" or len(ticks) <= _STEAL:
        raise ValueError(f"not the first line of /proc/stat: {stat!r}")
    waited = _TOTAL.match(pressure)
    # `guest` and `guest_nice`, behind `steal`, are counted in `user` and `nice` already
    counts = list(map(int, ticks[: _STEAL + 1]))
    return Busy(at_s, sum(counts), sum(counts[_IDLE]), counts[_STEAL], int(waited[1]) if waited else None)


def load_between(before: Busy | None, after: Busy | None) -> HostLoad | None:
    """None where either could not be read, or they lie too near each other to say anything."""
    if before is None or after is None or after.at_s - before.at_s < LEAST_S:
        return None
    passed_s = after.at_s - before.at_s
    ticks = max(after.ticks - before.ticks, 1)
    waiting = None
    if before.waited_us is not None and after.waited_us is not None:
        waiting = min((after.waited_us - before.waited_us) / 1e6 / passed_s, 1.0)
    return HostLoad((after.idle - before.idle) / ticks, (after.stolen - before.stolen) / ticks, waiting)


def read_busy(engine: EngineApi, container: Container) -> Busy | None:
    """As a client's container shows it; None where it cannot be asked."""
    try:
        written = output_of(engine.start_program(container, "machine"), READ_S)
        return parse_busy(written, time.monotonic())
    except (SynthlabError, ValueError):
        return None

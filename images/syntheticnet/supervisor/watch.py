"""Decides whether a child process is well, starved or hung, from what PID 1 observes each second.

A hung process is replaced. A process that the machine gives no CPU time is only reported: a new one would get none
either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TICK_SECONDS = 1.0
PATIENCE_SECONDS = 2.0
"""How long a process may stay silent although it could answer."""

# If a tick is later than this, PID 1 itself did not get to run: do not blame the child for the excess.
_LONGEST_TICK = 1.25 * TICK_SECONDS
_RUNNABLE = "RD"  # waiting for a CPU, or for a disk

State = Literal["well", "starved", "hangs"]


@dataclass(frozen=True)
class Sign:
    """One tick's observation: answered since the last tick, state in /proc/PID/stat, CPU time used."""

    answered: bool
    state: str
    cpu_s: float


class Watch:
    """Judges one process over successive ticks.

    Silence counts against a process that is stopped or sleeps on something else. While it is runnable, only the CPU
    time it received counts: a process that waits for a CPU does not hang.
    """

    def __init__(self, now: float) -> None:
        self.starved_s = 0.0
        self._last = now
        self._cpu_s: float | None = None
        self._silent_s = self._blamed_s = 0.0

    def judge(self, sign: Sign, now: float) -> State:
        """Judge one tick; `now` is in seconds of a monotonic clock."""
        elapsed = min(now - self._last, _LONGEST_TICK)
        used = sign.cpu_s - (sign.cpu_s if self._cpu_s is None else self._cpu_s)
        self._last, self._cpu_s = now, sign.cpu_s
        if sign.answered:
            self._silent_s = self._blamed_s = 0.0
            return "well"
        self._silent_s += elapsed
        self._blamed_s += min(used, elapsed) if sign.state in _RUNNABLE else elapsed
        if self._blamed_s >= PATIENCE_SECONDS:
            return "hangs"
        if self._silent_s < PATIENCE_SECONDS:
            return "well"
        self.starved_s += elapsed
        return "starved"

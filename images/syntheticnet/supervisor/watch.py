"""Whether a process of ours is well, decided from what PID 1 sees of it each second.

One that hangs is replaced. One that the machine gives no processor time is only reported: a new one would get none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TICK_SECONDS = 1.0
PATIENCE_SECONDS = 2.0
"""How long a process may be silent while nothing keeps it from answering."""

# Of a tick that comes later than this PID 1 itself was kept from running: for that long nobody is to blame.
_LONGEST_TICK = 1.25 * TICK_SECONDS
_RUNNABLE = "RD"  # waits for a processor, or for a disk

State = Literal["well", "starved", "hangs"]


@dataclass(frozen=True)
class Sign:
    """What is seen at a tick: whether it answered since the last, its state in /proc/PID/stat, its processor time."""

    answered: bool
    state: str
    cpu_s: float


class Watch:
    """Judges one process from tick to tick.

    Silence counts against it while it is stopped, sleeps on something else, or is given processor; then only as much as
    it was given.
    """

    def __init__(self, now: float) -> None:
        self.starved_s = 0.0
        self._last = now
        self._cpu_s: float | None = None
        self._silent_s = self._blamed_s = 0.0

    def judge(self, sign: Sign, now: float) -> State:
        """Call it once a tick; `now` in seconds of a clock that never goes back."""
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

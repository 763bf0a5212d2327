"""How long the machine has stood still meanwhile, so that a test of what takes little time can leave that out."""

from __future__ import annotations

import threading
import time
from types import TracebackType

STEP_S = 0.01
LEAST_S = 0.05


class Standstill:
    """Counts, in a thread of its own, how late it was scheduled; use it in a `with` statement.

    Where that was for want of a processor, or because the machine was stopped, the code beside it had none either.
    """

    def __init__(self) -> None:
        self._lost_s = 0.0
        self._looked_s = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Standstill:
        self._looked_s = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def lost_s(self) -> float:
        """So far, with what goes on at this moment."""
        return self._lost_s + self._beyond(time.monotonic())

    def _watch(self) -> None:
        while not self._ended.wait(STEP_S):
            now_s = time.monotonic()
            self._lost_s, self._looked_s = self._lost_s + self._beyond(now_s), now_s

    def _beyond(self, now_s: float) -> float:
        late_s = now_s - self._looked_s - STEP_S
        return late_s if late_s > LEAST_S else 0.0

"""Who looks on while a scenario is played."""

from __future__ import annotations

from typing import Protocol

from ..scenario.record import Judged, Played


class Watcher(Protocol):
    """Who looks on while a scenario is played. Nothing here may take long."""

    def step(self, step: Played) -> None:
        """A step has begun, or could not be played."""
        ...

    def judging(self, now_ns: int, text: str, seen: str) -> None:
        """An expectation is being looked at."""
        ...

    def judged(self, judged: Judged) -> None:
        """An expectation is decided."""
        ...

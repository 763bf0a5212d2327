"""The observer of a run, such as the terminal's progress display."""

from __future__ import annotations

from typing import Protocol

from ..scenario.record import Judged, Played


class Watcher(Protocol):
    """Called while a scenario is played. Methods must return quickly."""

    def step(self, step: Played) -> None:
        """A step has started, or could not be played."""
        ...

    def ended(self, step: Played) -> None:
        """A step has ended, with all its actions."""
        ...

    def judging(self, now_ns: int, text: str, seen: str) -> None:
        """An expectation has been evaluated."""
        ...

    def judged(self, judged: Judged) -> None:
        """An expectation has a result."""
        ...

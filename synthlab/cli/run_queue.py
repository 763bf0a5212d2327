"""Runs of scenarios, and the queue from which several engines take them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Condition

from ..scenario import Plan, repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a scenario. `given` is how the command line names it; `retry` counts up to `retries`."""

    number: int
    given: str
    plan: Plan
    turn: str = ""
    name: str
    retry: int = 0
    retries: int = 0

    @property
    def title(self) -> str:
        retry = f" (retry {self.retry} of {self.retries})" if self.retry else ""
        return f"{self.plan.scenario.name}{self.turn}{retry}"

    @property
    def folder(self) -> str:
        """The name of its folder of evidence."""
        return f"{self.name}-retry-{self.retry}" if self.retry else self.name

    def again(self) -> Run | None:
        """The next retry, with the same seed."""
        return replace(self, retry=self.retry + 1) if self.retry < self.retries else None


def runs_of(names: Sequence[str], plans: Sequence[Plan], repeat: int, retries: int) -> Iterator[Run]:
    """All runs in their order: each plan once, then each once more with the next seed."""
    for number in range(repeat):
        turn = f" ({number + 1} of {repeat})" if repeat > 1 else ""
        for place, (given, plan) in enumerate(zip(names, plans, strict=True)):
            yield Run(
                number=number * len(plans) + place,
                given=given,
                plan=repeated(plan, number),
                turn=turn,
                name=plan.scenario.name if repeat == 1 else f"{plan.scenario.name}-{number + 1}",
                retries=retries,
            )


class RunQueue:
    """Hands each run to whoever is free; a run that is put back comes next."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self._waiting = deque(runs)
        self._playing = 0
        self._changed = Condition()

    def take(self) -> Run | None:
        """The next run; waits while one that is being played could be put back. None: all are done."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or not self._playing)
            if not self._waiting:
                return None
            self._playing += 1
            return self._waiting.popleft()

    def done(self, again: Run | None = None) -> None:
        """The run that was taken has been played; `again` is one to play in its place."""
        with self._changed:
            self._playing -= 1
            if again:
                self._waiting.appendleft(again)
            self._changed.notify_all()

    def clear(self) -> list[Run]:
        """Take out and return the runs that nobody has taken."""
        with self._changed:
            left = list(self._waiting)
            self._waiting.clear()
            return left

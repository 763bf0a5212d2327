"""Plays one run after another on one lab, as long as no run leaves anything behind in it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

from ..control.backend import Backend
from ..deploy.compose_file import digest
from ..deploy.launch import launched
from ..errors import SynthlabError, WrongUse
from ..scenario.actions import ContainerChange, Exec, Http, Roam
from ..scenario.plan import Plan
from ..scenario.record import Record
from ..text.durations import seconds_of
from ..text.progress import Progress
from .session import SPARE_S, RunOptions, play, unplayed
from .watcher import Watcher

LIFE_S = 3600.0
"""A lab lives about this long before it is replaced, so that one that is left behind by a killed process expires."""


class KeptLab:
    """A context in which runs share a lab; at its end the lab is removed, unless it was there before.

    A new one is brought up for another stack, after an inconclusive run, and when its time is over.
    """

    def __init__(self, backend: Backend, options: RunOptions) -> None:
        self._backend = backend
        self._options = options
        self._kept = ""
        self._stack = ""
        self._until_s = 0.0
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def play(self, plan: Plan, watcher: Watcher, progress: Progress, name: str) -> Record:
        """As `runner.play`, on the lab that is kept or, where the plan needs one of its own, on a new one."""
        if not leaves_no_trace(plan):
            self.close()
        elif self._kept or not self._is_up(plan):
            try:
                self._prepare(plan, progress)
            except WrongUse:
                raise
            except SynthlabError as error:
                return unplayed(plan, error.message, *error.details)
        options = replace(self._options, lab=self._kept) if self._kept else self._options
        record = play(plan, self._backend, options, watcher, progress, name)
        if record.verdict == "inconclusive":
            self.close()
        return record

    def close(self) -> None:
        """Remove the lab, if this has one."""
        self._kept = ""
        self._closing.close()

    def _is_up(self, plan: Plan) -> bool:
        """Whether runs use a lab that somebody else has brought up."""
        return self._options.lab is not None or plan.scenario.stack.name in self._backend.engine.labs()

    def _prepare(self, plan: Plan, progress: Progress) -> None:
        """Bring up a lab for the plan, unless the one that is kept will do."""
        stack, now_s, most_s = plan.scenario.stack, self._backend.clock.now_s(), seconds_of(plan.most_ns)
        described = digest(stack)
        if self._kept and self._stack == described and now_s + most_s + SPARE_S < self._until_s:
            return
        self.close()
        life_s = LIFE_S + 2 * (most_s + SPARE_S)
        engine, timeout_s = self._backend.engine, self._options.start_timeout_s
        self._closing.enter_context(launched(stack, engine, progress, timeout_s, life_s))
        self._kept, self._stack, self._until_s = stack.name, described, now_s + life_s


def leaves_no_trace(plan: Plan) -> bool:
    """Whether the lab is after a run as it was before: it runs no command, stops or restarts no container, and no
    client roams.

    Changes of conditions are reverted, and a request may change anything that a service stores.
    """
    actions = (timed.action for visit in plan.visits() for timed in visit.run.actions)
    return not any(isinstance(action, ContainerChange | Roam | Exec | Http) for action in actions)

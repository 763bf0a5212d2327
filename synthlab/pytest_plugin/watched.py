"""A lab that records what a test does to it, and what is measured meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..contract import ContainerAction
from ..control.client_api import AT_ONCE, ChangeOptions
from ..control.group_change import GroupChange, Reachable
from ..control.state import ClientState
from ..lab.expectations import Expectations, known_of
from ..lab.lab import Lab
from ..runner.session import samples_of
from ..scenario.formatting import doc_text, joined
from ..scenario.record import Series
from ..text.durations import format_duration, seconds_of
from ..text.progress import Progress
from .journal import Journal, since

if TYPE_CHECKING:
    from ..runner.judge import CheckResult
    from ..scenario.actions import JudgeKind


class WatchedLab(Lab):
    """A Lab with a journal of the current test. It replaces the lab it is made from: do not use that one any more."""

    journal: Journal

    @classmethod
    def of(cls, lab: Lab) -> WatchedLab:
        made = cls(lab.backend, lab.name, lab.members, lab.stack)
        made.keep, made._own_backend, made._volumes_before = lab.keep, lab._own_backend, lab._volumes_before
        made.journal = Journal()
        return made

    def begin(self) -> None:
        """Start a new journal, and sampling, for the next test."""
        self.journal = Journal()
        self._judged.touch()

    @property
    def samples(self) -> dict[str, Series]:
        """The samples since the test began."""
        return since(samples_of(self._judged.recorded), seconds_of(self._ahead_ns))

    @property
    def baseline_taken(self) -> tuple[float, float] | None:
        """Start and end of the baseline, if it was taken in this test."""
        taken = self._judged.recorded.baseline
        if taken is None or taken[0] < self._ahead_ns:
            return None
        return seconds_of(taken[0] - self._ahead_ns), seconds_of(taken[1] - self._ahead_ns)

    def change(
        self,
        clients: Sequence[Reachable],
        change: Mapping[str, Any],
        options: ChangeOptions = AT_ONCE,
        files: Mapping[str, str] | None = None,
    ) -> GroupChange:
        names = tuple(client.name for client in clients)
        times = (("after", options.after_ns), ("for", options.lease_ns))
        suffix = "".join(f", {word} {format_duration(time_ns)}" for word, time_ns in times if time_ns)
        lasts_ns = None if options.lease_ns is None else (options.after_ns or 0) + options.lease_ns
        with self.journal.step("set", f"set {joined(names)}: {doc_text(change)}{suffix}", names, lasts_ns):
            return self._noted(super().change(clients, change, options, files))

    def reset(self, clients: Sequence[Reachable] | None = None, perfect: bool = False) -> GroupChange:
        names = tuple(client.name for client in clients or self.clients)
        target = "a perfect network" if perfect else "conditions of the stack"
        with self.journal.step("reset", f"reset {joined(names)}: {target}", names):
            return self._noted(super().reset(clients, perfect))

    def baseline(self, for_: str) -> None:
        with self.journal.step("baseline", f"baseline of {for_}"):
            super().baseline(for_)

    def control(
        self,
        names: Iterable[str],
        action: ContainerAction,
        progress: Progress = lambda line: None,
        timeout_s: float = 120.0,
    ) -> None:
        clients = tuple(names)
        with self.journal.step(action, f"{action} {joined(clients)}", clients):
            super().control(clients, action, progress, timeout_s)

    def _new_expectations(self) -> Expectations:
        return _WatchedExpectations(self, self._heard)

    def _heard(self, at_ns: int, client: str, state: ClientState) -> None:
        """Record the conditions in a sample; runs in the sampler's thread."""
        # The first samples can come while Expectations is being made: to ask for it would make a second one.
        if self._expectations:
            self.journal.configured.sampled(max(at_ns - self._ahead_ns, 0), client, state)

    def _noted(self, change: GroupChange) -> GroupChange:
        self.journal.configured.note(self.journal.now_ns(), change.states)
        return change

    @property
    def _ahead_ns(self) -> int:
        """How far the samples' clock is ahead of the test's."""
        return self._judged.now_ns() - self.journal.now_ns()


class _WatchedExpectations(Expectations):
    """The expectations of a watched lab: each is a step in the current test's journal."""

    def __init__(self, lab: WatchedLab, heard: Callable[[int, str, ClientState], None]) -> None:
        super().__init__(lab, known_of(lab, lab.stack), heard)
        self._watched = lab

    def judge(self, kind: JudgeKind, expression: str, within_ns: int | None, for_ns: int, client: str) -> CheckResult:
        journal = self._watched.journal
        asked_ns = journal.now_ns()
        with journal.step(kind, f"{kind} {expression}") as step:
            decided = self.decide(kind, expression, within_ns, for_ns, client)
        journal.decided(step, decided, asked_ns)
        return decided.held()

"""A lab of which is written down what a test does to it and what is measured meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from syntheticnet.conditions import parse_duration

from ..contract import ContainerAction
from ..control.client_api import AT_ONCE, ChangeOptions
from ..control.group_change import GroupChange, Reachable
from ..control.state import ClientState
from ..lab.expectations import Expectations, known_of
from ..lab.lab import Lab
from ..runner.session import samples_of
from ..scenario.formatting import doc_text, joined
from ..scenario.record import Series
from ..text.progress import Progress
from .journal import Journal, since

if TYPE_CHECKING:
    from ..runner.judge import CheckResult
    from ..scenario.actions import JudgeKind


class WatchedLab(Lab):
    """In all else as the lab that it is made of, which nobody uses any more. Its journal is of one test."""

    journal: Journal

    @classmethod
    def of(cls, lab: Lab) -> WatchedLab:
        made = cls(lab.backend, lab.name, lab.members, lab.stack)
        made.keep, made._own_backend = lab.keep, lab._own_backend
        made.journal = Journal()
        return made

    def begin(self) -> None:
        """A test begins: samples are taken from now on."""
        self.journal = Journal()
        self._judged.touch()

    @property
    def samples(self) -> dict[str, Series]:
        """What was measured since the test began."""
        return since(samples_of(self._judged.recorded), self._ahead_s)

    @property
    def baseline_taken(self) -> tuple[float, float] | None:
        """From when to when, if that was in this test."""
        taken = self._judged.recorded.baseline
        if taken is None or taken[0] < self._ahead_s:
            return None
        return taken[0] - self._ahead_s, taken[1] - self._ahead_s

    def change(
        self,
        clients: Sequence[Reachable],
        change: Mapping[str, Any],
        options: ChangeOptions = AT_ONCE,
        files: Mapping[str, str] | None = None,
    ) -> GroupChange:
        names = tuple(client.name for client in clients)
        after, lease = _span_s(options.after), _span_s(options.lease)
        suffix = "".join(
            f", {word} {time}" for word, time in (("after", options.after), ("for", options.lease)) if time
        )
        lasts_s = None if lease is None else (after or 0.0) + lease
        with self.journal.step("set", f"set {joined(names)}: {doc_text(change)}{suffix}", names, lasts_s):
            return self._noted(super().change(clients, change, options, files))

    def reset(self, clients: Sequence[Reachable] | None = None, perfect: bool = False) -> GroupChange:
        names = tuple(client.name for client in clients or self.clients)
        suffix = "a perfect network" if perfect else "conditions of the stack"
        with self.journal.step("reset", f"reset {joined(names)}: {suffix}", names):
            return self._noted(super().reset(clients, perfect))

    def baseline(self, for_: str) -> None:
        with self.journal.step("baseline", f"baseline of {for_}"):
            super().baseline(for_)

    def control(
        self,
        names: Iterable[str],
        doing: ContainerAction,
        progress: Progress = lambda line: None,
        timeout_s: float = 120.0,
    ) -> None:
        listed = tuple(names)
        with self.journal.step(doing, f"{doing} {joined(listed)}", listed):
            super().control(listed, doing, progress, timeout_s)

    def _new_expectations(self) -> Expectations:
        return _WatchedExpectations(self, self._heard)

    def _heard(self, at_s: float, client: str, state: ClientState) -> None:
        """In the sampler's thread."""
        if self._expectations:
            self.journal.configured.note(max(at_s - self._ahead_s, 0.0), {client: state})

    def _noted(self, change: GroupChange) -> GroupChange:
        self.journal.configured.note(self.journal.now_s(), change.states)
        return change

    @property
    def _ahead_s(self) -> float:
        """How much more the clock of samples shows than that of the test."""
        return self._judged.now_s() - self.journal.now_s()


class _WatchedExpectations(Expectations):
    """Those of a watched lab: each is a step of the present test's journal."""

    def __init__(self, lab: WatchedLab, heard: Callable[[float, str, ClientState], None]) -> None:
        super().__init__(lab, known_of(lab, lab.stack), heard)
        self._watched = lab

    def judge(self, kind: JudgeKind, expression: str, within_s: float | None, for_s: float, client: str) -> CheckResult:
        journal = self._watched.journal
        asked_s = journal.now_s()
        with journal.step(kind, f"{kind} {expression}") as step:
            decided = self.decide(kind, expression, within_s, for_s, client)
        journal.decided(step, decided, asked_s)
        return decided.held()


def _span_s(written: str | None) -> float | None:
    return None if written is None else parse_duration(written) / 1e9

"""A lab of which is written down what a test does to it and what is measured meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..contract import ContainerAction
from ..control.client_api import AT_ONCE, ChangeOptions
from ..control.group_change import GroupChange, Reachable
from ..control.state import ClientState
from ..engine.health import Tell
from ..lab.expectations import Expectations, known_of
from ..lab.lab import Lab
from ..runner.session import samples_of
from ..scenario.formatting import doc_text, joined
from ..scenario.record import Series
from ..stack.durations import read_duration
from ..text.durations import seconds_of
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
        return since(samples_of(self._judged.recorded), seconds_of(self._ahead_ns))

    @property
    def baseline_taken(self) -> tuple[float, float] | None:
        """From when to when, if that was in this test."""
        taken = self._judged.recorded.baseline
        if taken is None or taken[0] < self._ahead_ns:
            return None
        return seconds_of(taken[0] - self._ahead_ns), seconds_of(taken[1] - self._ahead_ns)

    def change(
        self,
        clients: Sequence[Reachable],
        change: Mapping[str, Any],
        terms: ChangeOptions = AT_ONCE,
        files: Mapping[str, str] | None = None,
    ) -> GroupChange:
        names = tuple(client.name for client in clients)
        after, lease = _read("after", terms.after), _read("for_", terms.lease)
        told = "".join(f", {word} {time}" for word, time in (("after", terms.after), ("for", terms.lease)) if time)
        lasts_ns = None if lease is None else (after or 0) + lease
        with self.journal.step("set", f"set {joined(names)}: {doc_text(change)}{told}", names, lasts_ns):
            return self._noted(super().change(clients, change, terms, files))

    def reset(self, clients: Sequence[Reachable] | None = None, perfect: bool = False) -> GroupChange:
        names = tuple(client.name for client in clients or self.clients)
        told = "a perfect network" if perfect else "conditions of the stack"
        with self.journal.step("reset", f"reset {joined(names)}: {told}", names):
            return self._noted(super().reset(clients, perfect))

    def baseline(self, for_: str) -> None:
        with self.journal.step("baseline", f"baseline of {for_}"):
            super().baseline(for_)

    def control(
        self, names: Iterable[str], doing: ContainerAction, tell: Tell = lambda line: None, timeout_s: float = 120.0
    ) -> None:
        told = tuple(names)
        with self.journal.step(doing, f"{doing} {joined(told)}", told):
            super().control(told, doing, tell, timeout_s)

    def _new_expectations(self) -> Expectations:
        return _WatchedExpectations(self, self._heard)

    def _heard(self, at_ns: int, client: str, state: ClientState) -> None:
        """In the sampler's thread."""
        if self._expectations:
            self.journal.configured.note(max(at_ns - self._ahead_ns, 0), {client: state})

    def _noted(self, change: GroupChange) -> GroupChange:
        self.journal.configured.note(self.journal.now_ns(), change.states)
        return change

    @property
    def _ahead_ns(self) -> int:
        """How much more the clock of samples shows than that of the test."""
        return self._judged.now_ns() - self.journal.now_ns()


class _WatchedExpectations(Expectations):
    """Those of a watched lab: each is a step of the present test's journal."""

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


def _read(where: str, text: str | None) -> int | None:
    return None if text is None else read_duration(where, text)

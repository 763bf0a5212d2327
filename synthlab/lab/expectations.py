"""Expectations on a running lab from code: decided on samples taken in the background, as in scenarios."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..control.group_change import LabClient
from ..control.metrics import Metrics, metrics_readers, metrics_urls
from ..control.running_lab import RunningLab
from ..control.state import ClientState
from ..errors import ExpectationFailed, Inconclusive, WrongUse
from ..runner.host_load import Busy, load_between, read_busy
from ..runner.judge import CheckResult, ExpectationCheck, limit_of
from ..runner.sampler import Sampler
from ..runner.validity import problems
from ..scenario.actions import Judge, JudgeKind
from ..scenario.expression import METRICS, SAMPLE_NS, Expression, Known, Recorded
from ..scenario.record import Limit
from ..stack import Stack
from ..stack.durations import read_duration
from ..text.durations import SECOND_NS, seconds_of

if TYPE_CHECKING:
    from ..control.group_change import LabClient

KEPT_NS = 600 * SECOND_NS
"""How long samples are kept: the longest window of an expression. Sampling pauses after this long without a call."""
MOST_READINGS = 400


@dataclass(frozen=True, slots=True)
class Decided:
    """The result of one expectation. If it did not hold, `problems` are reasons to doubt that result."""

    judge: Judge
    client: str
    asked_ns: int
    decided_ns: int
    result: CheckResult
    problems: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The expectation as text, with its client."""
        return f"{f'{self.client}: ' if self.client else ''}{self.judge}"

    def held(self) -> CheckResult:
        """The result if it held; else raises Inconclusive if there are problems, or ExpectationFailed."""
        if self.result.held:
            return self.result
        if self.problems:
            raise Inconclusive(f"{self.text}: {self.result.reason}; inconclusive: {'; '.join(self.problems)}")
        raise ExpectationFailed(f"{self.text}: {self.result.reason}")


class Expectations:
    """The expectations of one lab. Sampling starts when this is created; times are nanoseconds since then.

    `heard(at_ns, client, state)` is called for each sample of a client's state, in the sampler's thread.
    """

    def __init__(
        self,
        lab: RunningLab,
        known: Known,
        heard: Callable[[int, str, ClientState], None] = lambda at_ns, client, state: None,
    ) -> None:
        self._lab = lab
        self._machine_watched = False
        self._known = known
        self._zero_ns = self._used_ns = time.monotonic_ns()
        self._sampler = Sampler(self._clients, self.now_ns, metrics=self._metrics, heard=heard)
        self._sampler.start()
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="machine")

    @property
    def recorded(self) -> Recorded:
        """All samples kept."""
        return self._sampler.recorded

    def expect(self, expression: str, within: str | None, for_: str | None, client: str = "") -> CheckResult:
        """Like `Lab.expect`."""
        __tracebackhide__ = True
        return self.judge("expect", expression, _span("within", within), _span("for_", for_) or 0, client)

    def never(self, expression: str, for_: str, client: str = "") -> CheckResult:
        """Like `Lab.never`."""
        __tracebackhide__ = True
        return self.judge("never", expression, None, read_duration("for_", for_), client)

    def recovers(self, expression: str, within: str, for_: str | None, client: str = "") -> CheckResult:
        """Like `Lab.recovers`."""
        __tracebackhide__ = True
        return self.judge("recovers", expression, read_duration("within", within), _span("for_", for_) or 0, client)

    def judge(self, kind: JudgeKind, expression: str, within_ns: int | None, for_ns: int, client: str) -> CheckResult:
        """Wait for the result; raises ExpectationFailed or Inconclusive if it did not hold."""
        __tracebackhide__ = True
        return self.decide(kind, expression, within_ns, for_ns, client).held()

    def decide(self, kind: JudgeKind, expression: str, within_ns: int | None, for_ns: int, client: str = "") -> Decided:
        """Wait until it is decided; names in the expression without a client belong to `client`.

        Raises WrongUse for an invalid expression, or for `before` without a baseline.
        """
        self.touch()
        judge = self._read(kind, expression, within_ns, for_ns, client)
        # In a thread: reading takes a `docker exec`, and an expectation that holds already must not wait for it.
        asked_ns, before = self.now_ns(), self._reader.submit(self._read_busy)
        result = self._decide(judge)
        decided_ns = self.now_ns()
        doubted = [] if result.held else self._problems(judge, asked_ns, before.result())
        return Decided(judge, client, asked_ns, decided_ns, result, doubted)

    def reading(self, expression: str) -> CheckResult:
        """Whether an expression holds now, which is no verdict: the machine is not looked at."""
        return self._decide(self._read("expect", expression, None, 0, ""))

    def limit(self, expression: str, asked_ns: int, decided_ns: int, held: bool) -> Limit | None:
        """The comparison that decided an expectation which somebody else judged, read from the samples of that time.

        None for an expression that is not ours, or without a comparison.
        """
        try:
            parsed = Expression.parse(expression, self._known)
        except ValueError:
            return None
        times = [*range(asked_ns, decided_ns, max(SAMPLE_NS, (decided_ns - asked_ns) // MOST_READINGS)), decided_ns]
        readings = [(at_ns, parsed.readings(at_ns, self._sampler.recorded)) for at_ns in times]
        return limit_of(parsed, readings, asked_ns, True, held)

    def baseline(self, for_ns: int) -> None:
        """Wait `for_s`, and use the samples of that time as `before`."""
        self.touch()
        with self._sampler.wanting():
            begin_ns = self._sampler.next_round()
            time.sleep(seconds_of(for_ns))
            self._sampler.recorded.baseline = begin_ns, self._sampler.next_round()

    def close(self) -> None:
        self._sampler.stop()
        self._reader.shutdown(cancel_futures=True)

    def _read(self, kind: JudgeKind, expression: str, within_ns: int | None, for_ns: int, client: str) -> Judge:
        try:
            parsed = Expression.parse(expression, replace(self._known, own=client))
        except ValueError as error:
            raise WrongUse(f"{kind} {expression!r}: {error}") from None
        if parsed.uses_before and self._sampler.recorded.baseline is None:
            raise WrongUse(f'{kind} {expression!r}: `before` needs a baseline: call lab.baseline("5s") first')
        return Judge(kind=kind, expression=parsed, within_ns=within_ns, for_ns=for_ns)

    def _decide(self, judge: Judge) -> CheckResult:
        asked_ns = self.now_ns()
        judging, result, recorded = ExpectationCheck(judge, asked_ns), None, self._sampler.recorded
        with self._sampler.wanting(judge.expression.names):
            while result is None:
                self._sampler.next_round()
                result = judging.look(recorded.known_ns(judge.expression.names) or asked_ns, recorded)
                self.touch()
        return result

    def watch_machine(self) -> Callable[[], list[str]]:
        """Like `Lab.watch_machine`: sampling goes on until it is asked, however long that takes."""
        self._machine_watched = True
        asked_ns, before = self.now_ns(), self._read_busy()

        def doubts() -> list[str]:
            self._machine_watched = False
            return self._doubts((), asked_ns, before)

        return doubts

    def _problems(self, judge: Judge, asked_ns: int, before: Busy | None) -> list[str]:
        return self._doubts(judge.expression.compared, asked_ns, before)

    def _doubts(self, compared: Sequence[str], asked_ns: int, before: Busy | None) -> list[str]:
        load = load_between(before, self._read_busy())
        clients = [client.name for client in self._lab.find()]
        return problems(clients, self._sampler.recorded, load, compared, asked_ns)

    def _read_busy(self) -> Busy | None:
        running = [one for one in self._lab.members if one.conditioned and one.state == "running"]
        return read_busy(self._lab.backend.engine, running[0]) if running else None

    def touch(self) -> None:
        """Keep sampling from now on, as if an expectation had just been asked."""
        self._used_ns = time.monotonic_ns()
        self._sampler.recorded.forget(self.now_ns() - KEPT_NS)

    def now_ns(self) -> int:
        return time.monotonic_ns() - self._zero_ns

    def _needed(self) -> bool:
        return time.monotonic_ns() - self._used_ns < KEPT_NS

    def _clients(self) -> Sequence[LabClient]:
        if self._machine_watched:
            self.touch()
        return self._lab.find() if self._needed() else ()

    def _metrics(self) -> Mapping[str, Callable[[], Metrics]]:
        return metrics_readers(self._lab.backend.engine, self._lab.members) if self._needed() else {}


def known_of(lab: RunningLab, stack: Stack | None = None) -> Known:
    """The names that expressions may use. Without the stack of an attached lab, they come from its containers."""
    if stack is not None:
        return Known.of(stack)
    own = [(one.client, one.group) for one in lab.members if one.role == "client"]
    probes = [number for one in lab.members for number in one.probes]
    return Known(
        tuple(client for client, _ in own),
        tuple(dict.fromkeys(group for client, group in own if group != client)),
        conditioned=tuple(client.name for client in lab.find() if client.server),
        numbers=(*probes, *(f"{name}.{METRICS}" for name in metrics_urls(lab.members))),
    )


def _span(where: str, text: str | None) -> int | None:
    return None if text is None else read_duration(where, text)

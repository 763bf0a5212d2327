"""Performs the actions of a plan on a running lab, each at its time, and reverts them all at the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import assert_never

from ..control.state import ClientState
from ..errors import ExpectationFailed, SynthlabError, TooLate
from ..scenario.actions import Baseline, Change, ContainerChange, Exec, Http, Judge, Reset, Roam, Traffic
from ..scenario.expression import Recorded
from ..scenario.model import StepRun, Timed
from ..scenario.ongoing import Ongoing
from ..scenario.plan import Plan
from ..text.durations import MS_NS, seconds_of
from .actions import Actions
from .failures import Failures
from .judge import ExpectationCheck
from .leases import SEEDS, AppliedStates, Leases
from .live_lab import LiveLab
from .request import request
from .run_clock import RunClock
from .run_log import RunLog
from .sampler import Sampler
from .turns import Turns
from .watcher import Watcher

LEAD_NS = 400 * MS_NS
"""How far ahead of its time a change is sent to clients.

A change due at a known instant must not wait for a round trip: clients queue it and apply it by their own clock.
"""
EARLY_NS = LEAD_NS
"""Steps that only wait finish this much early, which gives the next change its lead time."""
LOOK_NS = 5 * MS_NS

Beside = Callable[[Coroutine[None, None, None]], None]
"""Runs a coroutine in parallel with the next steps."""
_Doing = Judge | Baseline | ContainerChange | Roam | Traffic | Exec | Http


class ActionExecutor:
    """Performs actions, logs them in `log`, keeps measurements in `recorded` and reports failures to `failures`."""

    def __init__(
        self,
        live_lab: LiveLab,
        watcher: Watcher,
        log: RunLog,
        failures: Failures,
        mark: Callable[[str], None],
        beside: Beside,
        time: RunClock,
        turns: Turns,
    ) -> None:
        self.recorded = Recorded()
        self._live_lab = live_lab
        self._watcher = watcher
        self._log = log
        self._failures = failures
        self._mark = mark
        self._beside = beside
        self._time = time
        self._turns = turns
        self._leases = Leases(live_lab.client, time.clock)
        self._actions = Actions(live_lab, self._leases, time.clock)
        self._sampler = Sampler(
            live_lab.clients,
            time.now_ns,
            self.recorded,
            live_lab.metrics,
            self._actions.traffic_rates,
            self._heard,
            time.clock,
        )
        self._ongoing = Ongoing()
        self._looks: set[asyncio.Task[None]] = set()

    @property
    def touched(self) -> set[str]:
        """The containers that steps have paused, stopped or started."""
        return self._actions.touched

    @property
    def over_ns(self) -> int:
        """When the last timed change or traffic ends."""
        return self._time.since_ns(max(self._leases.over_ns, self._actions.over_ns))

    def goes_on(self, run: StepRun) -> bool:
        """Whether later changes of a run still apply; a reset or another run of the same step stops them."""
        return self._ongoing.goes_on(run.id)

    async def prepare(self, plan: Plan) -> None:
        """Send the plan's files and seeds to the clients, and see whether its traffic can be sent.

        Raises SynthlabError if a client rejects them, or if a kernel lacks a congestion control.
        """
        await self._leases.read_clocks([client.name for client in self._live_lab.clients()])
        planned = [timed.action for visit in plan.visits() for timed in visit.run.actions]
        await self._actions.refuse_unavailable(action for action in planned if isinstance(action, Traffic))
        await self._leases.prepare(action for action in planned if isinstance(action, Change))
        for name, seed in plan.client_seeds.items():
            change = Change(layer=f"{SEEDS}{name}", clients=(name,), change={"seed": seed})
            await self._leases.put(change, self._time.clock.now_ns())

    def start(self) -> None:
        """Start sampling."""
        self._sampler.start()

    def keepers(self) -> list[Coroutine[None, None, None]]:
        """Endless tasks that renew leases and the guard; they raise SynthlabError if one is lost."""
        return [self._leases.keep(), self._actions.keep()]

    async def stop(self) -> None:
        """Stop sampling and polling conditions."""
        await asyncio.to_thread(self._sampler.stop)
        for task in list(self._looks):
            task.cancel()

    async def restore(self) -> None:
        """Revert everything, ignoring errors."""
        with contextlib.suppress(SynthlabError):
            await self._actions.restore()
            await self._leases.release()

    def faults(self) -> list[str]:
        """Errors of traffic that ended early."""
        return self._actions.faults()

    async def act(self, run: StepRun, timed: Timed, at_ns: int) -> int:
        """Perform an action of a run that starts at `at_ns`; returns when it was done.

        A failed command or request is recorded as a failure. Raises SynthlabError if the lab cannot perform the action:
        that says nothing about the system under test, so the run becomes inconclusive, not failed.
        """
        due_ns = at_ns + timed.at_ns
        try:
            return await self._act(run, timed, due_ns)
        except ExpectationFailed as failure:
            self._log.began(run, due_ns, 0)
            self._watcher.step(self._log.step(run, error=failure.message))
            self._failures.ended_badly.append(f"{run.place}: {run.text}: {failure.message}")
            self._failures.note(f"failed: {run.text}: {failure.message}")
            return self._time.now_ns()
        except SynthlabError as error:
            self._watcher.step(self._log.step(run, error=error.message))
            self._failures.note(f"cannot be played: {run.text}: {error.message}")
            raise SynthlabError(f"{run.place}: {run.text}: cannot be played: {error.message}") from error

    async def _act(self, run: StepRun, timed: Timed, due_ns: int) -> int:
        match timed.action:
            case Change() | Reset() as change:
                await self._turns.wait(due_ns - LEAD_NS, run.id)
                still = self._still_to_make(run, timed, change)
                return due_ns if still is None else await self._change(run, still, due_ns)
            case Judge() | Baseline() | ContainerChange() | Roam() | Traffic() | Exec() | Http() as action:
                await self._time.until(due_ns)
                late_ns = self._time.now_ns() - due_ns
                done_ns = await self._do(run, action, due_ns)
                self._log.began(run, due_ns, late_ns)
                return done_ns
            case other:
                assert_never(other)

    def _still_to_make(self, run: StepRun, timed: Timed, change: Change | Reset) -> Change | Reset | None:
        """The part of a change that still applies; None if its step has been stopped."""
        if isinstance(change, Reset):
            self._ongoing.reset(change.clients)
            return change
        begins = timed is run.actions[0]
        return self._ongoing.begin(run.id, change) if begins else self._ongoing.next(run.id, change)

    async def _change(self, run: StepRun, change: Change | Reset, due_ns: int) -> int:
        """Apply a change at `due_ns` and verify that it is in force; returns since when."""
        self._mark(run.mark or str(change))
        made = await self._made(change, due_ns)
        if isinstance(change, Change) and change.lease_ns is not None:
            until_ns = due_ns + made.late_ns + change.lease_ns
            self._log.step(run, until_ns=until_ns)
            self._look_later(change.clients, until_ns)
        self._log.configure(due_ns + made.late_ns, made.states)
        self._log.began(run, due_ns, made.late_ns)
        return self._time.since_ns(made.at_ns)

    async def _made(self, change: Change | Reset, due_ns: int) -> AppliedStates:
        """Apply a change; TooLate names the time of the run at which it was due."""
        clock_ns = self._time.clock_ns(due_ns)
        try:
            if isinstance(change, Reset):
                return await self._leases.reset(change.clients, clock_ns)
            return await self._leases.put(change, clock_ns)
        except TooLate as late:
            due = f"the change due at {seconds_of(due_ns):.1f} s"
            raise TooLate(late.client, late.late_ns, due) from late

    async def _do(self, run: StepRun, action: _Doing, due_ns: int) -> int:
        """Perform an action; returns when it was done. The step waits for a baseline itself."""
        match action:
            case Judge():
                await self._judge(run, action, due_ns)
            case Baseline(for_ns=for_ns):
                self.recorded.baseline = (due_ns, due_ns + for_ns)
                self._log.step(run, until_ns=due_ns + for_ns)
                self._beside(self._sample_all(due_ns + for_ns))
                return due_ns
            case ContainerChange():
                await self._actions.control(action)
            case Roam():
                await self._actions.roam(action)
            case Traffic():
                await self._traffic(run, action, due_ns)
            case Exec():
                await self._actions.execute(action)
            case Http():
                await asyncio.to_thread(request, action)
            case _:
                assert_never(action)
        return self._time.now_ns()

    async def _traffic(self, run: StepRun, traffic: Traffic, due_ns: int) -> None:
        self._log.step(run, until_ns=due_ns + traffic.for_ns)
        control = await self._actions.traffic(traffic)
        if control and not traffic.congestion:
            self._log.step(run, text=f"{run.text}, {control}")

    async def _sample_all(self, until_ns: int) -> None:
        """Sample every number as often as the judged ones, because any can be compared with the baseline."""
        with self._sampler.wanting():
            await self._time.until(until_ns - EARLY_NS)

    async def _judge(self, run: StepRun, judge: Judge, asked_ns: int) -> None:
        judging, result, now_ns = ExpectationCheck(judge, asked_ns), None, asked_ns
        with self._sampler.wanting(judge.expression.names):
            while result is None:
                await asyncio.to_thread(self._sampler.next_round)
                # Judged at the time up to which all its numbers are known, so that a slow answer is no missing data.
                now_ns = self.recorded.known_ns(judge.expression.names) or now_ns
                result = judging.look(now_ns, self.recorded)
                self._watcher.judging(now_ns, run.text, judging.seen)
        self._watcher.judged(self._log.rule(run, asked_ns, now_ns, result))
        if not result.held:
            self._failures.note(f"failed: {run.text}: {result.reason}")

    def _look_later(self, clients: Sequence[str], at_ns: int) -> None:
        """Log the conditions of clients after a lease has expired; the sampler reports clients that do not answer."""

        async def look() -> None:
            await self._time.until(at_ns + LOOK_NS)
            with contextlib.suppress(SynthlabError):
                expired = [self._live_lab.client(name) for name in clients]
                self._log.configure(at_ns, await asyncio.to_thread(self._live_lab.lab.states, expired))

        task = asyncio.create_task(look())
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    def _heard(self, at_ns: int, client: str, state: ClientState) -> None:
        """Called in the sampler's threads."""
        self._log.sampled(at_ns, client, state)

"""Does the actions of a plan on a running lab: each at its time, and all of it undone at the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import assert_never

from ..control.state import ClientState
from ..errors import ExpectationFailed, SynthlabError
from ..scenario.actions import Baseline, Change, ContainerChange, Exec, Http, Judge, Reset, Traffic
from ..scenario.expression import Recorded
from ..scenario.model import StepRun, Timed
from ..scenario.ongoing import Ongoing
from ..scenario.plan import Plan
from ..text.durations import MS_NS
from .actions import Acts
from .failures import Failures
from .judge import ExpectationCheck
from .leases import SEEDS, Leases
from .live_lab import LiveLab
from .request import request
from .run_clock import RunClock
from .run_log import RunLog
from .sampler import Sampler
from .turns import Turns
from .watcher import Watcher

LEAD_NS = 400 * MS_NS
"""Clients are told of a change so long before its time, where that is known."""
EARLY_NS = LEAD_NS
"""What only waits for its time counts as done a little before, so that what follows is not late."""
LOOK_NS = 5 * MS_NS

Beside = Callable[[Coroutine[None, None, None]], None]
"""Lets something go on beside the next steps."""
_Doing = Judge | Baseline | ContainerChange | Traffic | Exec | Http


class ActionExecutor:
    """Writes what it does down in `log`, and what it measures in `recorded`; failures go to `failures`."""

    def __init__(
        self,
        stage: LiveLab,
        watcher: Watcher,
        log: RunLog,
        failures: Failures,
        mark: Callable[[str], None],
        beside: Beside,
        time: RunClock,
        turns: Turns,
    ) -> None:
        self.recorded = Recorded()
        self._stage = stage
        self._watcher = watcher
        self._log = log
        self._failures = failures
        self._mark = mark
        self._beside = beside
        self._time = time
        self._turns = turns
        self._layers = Leases(stage.client, time.clock)
        self._acts = Acts(stage, self._layers, time.clock)
        self._sampler = Sampler(stage.clients, time.now_ns, self.recorded, stage.metrics, self._heard, time.clock)
        self._ongoing = Ongoing()
        self._looks: set[asyncio.Task[None]] = set()

    @property
    def over_ns(self) -> int:
        """When the last of what is in force, or sends, for a time ends by itself."""
        return self._time.since_ns(max(self._layers.over_ns, self._acts.over_ns))

    def goes_on(self, run: StepRun) -> bool:
        """Whether a step goes on with what it has begun; a reset, or the same step again, ends that."""
        return self._ongoing.goes_on(run.id)

    async def prepare(self, plan: Plan) -> None:
        """Give the clients the files and seeds of a plan. Raises SynthlabError where one does not take them."""
        await self._layers.read_clocks([client.name for client in self._stage.clients()])
        changes = [timed.action for visit in plan.visits() for timed in visit.run.actions]
        await self._layers.prepare(change for change in changes if isinstance(change, Change))
        for name, seed in plan.client_seeds.items():
            change = Change(layer=f"{SEEDS}{name}", clients=(name,), change={"seed": seed})
            await self._layers.put(change, self._time.clock.now_ns())

    def start(self) -> None:
        """Begin to take samples."""
        self._sampler.start()

    def keepers(self) -> list[Coroutine[None, None, None]]:
        """What renews all that is held, without end; they raise SynthlabError where something of it is lost."""
        return [self._layers.keep(), self._acts.keep()]

    async def stop(self) -> None:
        """Take no more samples, and look at nothing more."""
        await asyncio.to_thread(self._sampler.stop)
        for task in list(self._looks):
            task.cancel()

    async def restore(self) -> None:
        """Take back all that was done; what fails is left."""
        with contextlib.suppress(SynthlabError):
            await self._acts.restore()
            await self._layers.release()

    def faults(self) -> list[str]:
        """Why something that was to go on has ended."""
        return self._acts.faults()

    async def act(self, run: StepRun, timed: Timed, at_ns: int) -> int:
        """Do an action of a step that begins at `at_ns`; when it was done.

        Raises SynthlabError where the lab cannot do it.
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
            case Judge() | Baseline() | ContainerChange() | Traffic() | Exec() | Http() as action:
                await self._time.until(due_ns)
                late_ns = self._time.now_ns() - due_ns
                done_ns = await self._do(run, action, due_ns)
                self._log.began(run, due_ns, late_ns)
                return done_ns
            case other:
                assert_never(other)

    def _still_to_make(self, run: StepRun, timed: Timed, change: Change | Reset) -> Change | Reset | None:
        """The change as it is to be made now; None for one of a step that does not go on."""
        if isinstance(change, Reset):
            self._ongoing.reset(change.clients)
            return change
        begins = timed is run.actions[0]
        return self._ongoing.begin(run.id, change) if begins else self._ongoing.next(run.id, change)

    async def _change(self, run: StepRun, change: Change | Reset, due_ns: int) -> int:
        """Change conditions at a time, and see that they are in force; since when."""
        self._mark(run.mark or str(change))
        clock_ns = self._time.clock_ns(due_ns)
        if isinstance(change, Reset):
            made = await self._layers.reset(change.clients, clock_ns)
        else:
            made = await self._layers.put(change, clock_ns)
            if change.lease_ns is not None:
                until_ns = due_ns + made.late_ns + change.lease_ns
                self._log.step(run, until_ns=until_ns)
                self._look_later(change.clients, until_ns)
        self._log.configure(due_ns + made.late_ns, made.states)
        self._log.began(run, due_ns, made.late_ns)
        return self._time.since_ns(made.at_ns)

    async def _do(self, run: StepRun, action: _Doing, due_ns: int) -> int:
        """When it was done; a baseline is when its step is."""
        match action:
            case Judge():
                await self._judge(run, action, due_ns)
            case Baseline(for_ns=for_ns):
                self.recorded.baseline = (due_ns, due_ns + for_ns)
                self._log.step(run, until_ns=due_ns + for_ns)
                self._beside(self._sample_all(due_ns + for_ns))
                return due_ns
            case ContainerChange():
                await self._acts.control(action)
            case Traffic():
                await self._traffic(run, action, due_ns)
            case Exec():
                await self._acts.execute(action)
            case Http():
                await asyncio.to_thread(request, action)
            case _:
                assert_never(action)
        return self._time.now_ns()

    async def _traffic(self, run: StepRun, traffic: Traffic, due_ns: int) -> None:
        self._log.step(run, until_ns=due_ns + traffic.for_ns)
        control = await self._acts.traffic(traffic)
        if control and not traffic.congestion:
            self._log.step(run, text=f"{run.text}, {control}")

    async def _sample_all(self, until_ns: int) -> None:
        """Sample every number as often as those that are judged."""
        with self._sampler.wanting():
            await self._time.until(until_ns - EARLY_NS)

    async def _judge(self, run: StepRun, judge: Judge, asked_ns: int) -> None:
        judging, ruling, now_ns = ExpectationCheck(judge, asked_ns), None, asked_ns
        with self._sampler.wanting(judge.expression.names):
            while ruling is None:
                await asyncio.to_thread(self._sampler.next_round)
                now_ns = self.recorded.known_ns(judge.expression.names) or now_ns
                ruling = judging.look(now_ns, self.recorded)
                self._watcher.judging(now_ns, run.text, judging.seen)
        self._watcher.judged(self._log.rule(run, asked_ns, now_ns, ruling))
        if not ruling.held:
            self._failures.note(f"failed: {run.text}: {ruling.reason}")

    def _look_later(self, clients: Sequence[str], at_ns: int) -> None:
        """Write down the conditions that clients have from a time on; the sampler sees who does not answer then."""

        async def look() -> None:
            await self._time.until(at_ns + LOOK_NS)
            with contextlib.suppress(SynthlabError):
                found = [self._stage.client(name) for name in clients]
                self._log.configure(at_ns, await asyncio.to_thread(self._stage.lab.states, found))

        task = asyncio.create_task(look())
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    def _heard(self, at_ns: int, client: str, state: ClientState) -> None:
        """In the sampler's thread."""
        self._log.configure(at_ns, {client: state})

"""Plays the plan of a scenario on a running lab: everything at its time, and everything taken back at the end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from ..control.state import ClientState
from ..errors import ExpectationFailed, SynthlabError
from ..interrupts import uninterrupted
from ..scenario.actions import Action, Baseline, Change, Container, Exec, Http, Judge, Load, Reset
from ..scenario.expression import Recorded
from ..scenario.model import Block, Run, Timed, Track
from ..scenario.ongoing import Ongoing
from ..scenario.plan import Plan
from .actions import Acts
from .judge import ExpectationCheck
from .leases import SEEDS, Leases
from .live_lab import LiveLab
from .request import request
from .run_log import RunLog
from .sampler import Sampler
from .turns import Turns
from .watcher import Watcher

GAP_S = 0.1
"""What cannot begin before something else is done begins so long after that: time to tell the clients beforehand."""
LEAD_S = 0.4
"""Clients are told of a change so long before its time, where that is known."""
EARLY_S = LEAD_S
"""What only waits for its time counts as done a little before, so that what follows is not late."""
LOOK_S = 0.005
AFTERMATH_S = 1.0
"""How much of what follows a failure the evidence has."""
MOST_AT_ONCE = 64
_SECOND = 10**9


class Player:
    """Plays one plan, once. What it measures is in `recorded`, what happened in `chronicle`.

    `failures` are the steps that ended badly, `faults` why something could not be played. After a block in which
    something failed nothing more is played, unless `keep_going`. `mark` is told of each moment that is worth finding
    again, and `collect` is called soon after the first failure, with all conditions still in force.
    """

    def __init__(
        self,
        plan: Plan,
        stage: LiveLab,
        watcher: Watcher,
        mark: Callable[[str], None] = lambda text: None,
        collect: Callable[[], None] = lambda: None,
        keep_going: bool = False,
    ) -> None:
        self.plan = plan
        self.recorded = Recorded()
        self.chronicle = RunLog(plan)
        self.faults: list[str] = []
        self.failures: list[str] = []
        self.failed_s: float | None = None
        self.started = datetime.now(UTC)
        self.ended_s = 0.0
        self._mark = mark
        self._collect = collect
        self._stage = stage
        self._watcher = watcher
        self._keep_going = keep_going
        self._zero_ns = time.monotonic_ns()
        self._layers = Leases(stage.client)
        self._acts = Acts(stage, self._layers)
        self._sampler = Sampler(stage.clients, self.now_s, self.recorded, stage.metrics, self._heard)
        self._turns = Turns(self.now_s)
        self._order = {visit.run.id: number for number, visit in enumerate(plan.visits())}
        self._ongoing = Ongoing()
        self._beside: set[asyncio.Task[None]] = set()
        self._collected: asyncio.Task[None] | None = None
        self._aside: set[asyncio.Task[None]] = set()

    def now_s(self) -> float:
        """Seconds since the first step began."""
        return (time.monotonic_ns() - self._zero_ns) / _SECOND

    async def play(self) -> None:
        """Play it to its end, or to where it fails; then, or when cancelled, take everything back."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MOST_AT_ONCE))
        try:
            async with self._playing() as group:
                self._group = group
                await self._until(await self._track(self.plan.track, 0.0, 0.0))
                await self._play_out()
        except* _Ended:
            pass
        except* SynthlabError as group:
            self.faults += [error.message for error in _leaves(group) if isinstance(error, SynthlabError)]
        finally:
            with uninterrupted():
                await self._tidy()

    @contextlib.asynccontextmanager
    async def _playing(self) -> AsyncIterator[asyncio.TaskGroup]:
        """With everything prepared, samples taken and leases renewed; a lease that is lost ends what is inside."""
        names = [client.name for client in self._stage.clients()]
        await self._layers.read_clocks(names)
        changes = [timed.action for visit in self.plan.visits() for timed in visit.run.actions]
        await self._layers.prepare(change for change in changes if isinstance(change, Change))
        for name, seed in self.plan.client_seeds.items():
            change = Change(layer=f"{SEEDS}{name}", clients=(name,), change={"seed": seed})
            await self._layers.put(change, time.monotonic_ns())
        self._zero_ns = time.monotonic_ns() + round(GAP_S * _SECOND)
        self.started = datetime.now(UTC) + timedelta(seconds=GAP_S)
        self._sampler.start()
        async with asyncio.TaskGroup() as group:
            keepers = [group.create_task(keep()) for keep in (self._layers.keep, self._acts.keep)]
            yield group
            for keeper in keepers:
                keeper.cancel()

    async def _track(self, track: Track, begins_s: float, soonest_s: float) -> float:
        """Play blocks one after the other, the first from `begins_s`, changing nothing before `soonest_s`.

        When the last one is done.
        """
        for block in track.blocks:
            begins_s = await self._block(block, begins_s, soonest_s)
            if self.failed_s is not None and not self._keep_going:
                raise _Ended
            soonest_s = self.now_s() + GAP_S
        return begins_s

    async def _block(self, block: Block, begins_s: float, soonest_s: float) -> float:
        """Play steps whose times count from `begins_s`; when the last one is done."""
        async with asyncio.TaskGroup() as group:
            runs = [group.create_task(self._run(run, begins_s + run.at_s, soonest_s)) for run in block.runs]
        return max(run.result() for run in runs)

    async def _run(self, run: Run, at_s: float, soonest_s: float) -> float:
        """Play a step until it is done, and say when that was; what it goes on with is played beside."""
        if run.actions and isinstance(run.actions[0].action, Change | Reset):
            at_s = max(at_s, soonest_s)
        await self._until(at_s - LEAD_S)
        self._watcher.step(self.chronicle.step(run, planned_s=at_s))
        async with asyncio.TaskGroup() as group:
            parts = [group.create_task(self._track(track, at_s, soonest_s)) for track in run.tracks]
            parts += [group.create_task(self._act(run, timed, at_s)) for timed in run.actions[:1]]
            if len(run.actions) > 1:
                self._begin(self._go_on(run, at_s))
        await self._until(at_s + run.least_s - EARLY_S)
        if not run.actions:
            self.chronicle.began(run, at_s, 0.0)
        done_s = max([at_s + run.least_s, *(part.result() for part in parts)])
        if len(run.actions) <= 1:
            self.chronicle.step(run, ended_s=max(self.now_s(), done_s))
        return done_s

    async def _go_on(self, run: Run, at_s: float) -> None:
        """Do all but the first of a step's actions, each at its time."""
        async with asyncio.TaskGroup() as group:
            for timed in run.actions[1:]:
                await self._turns.wait(at_s + timed.at_s - LEAD_S, self._order[run.id])
                if not self._ongoing.goes_on(run.id):
                    break
                group.create_task(self._act(run, timed, at_s))
        self.chronicle.step(run, ended_s=self.now_s())

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Let something go on beside the next steps."""
        task = self._group.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _play_out(self) -> None:
        """Wait until all is over that goes on, or is in force for a time."""
        while self._beside:
            await asyncio.wait(self._beside)
        await self._until((self._layers.over_ns - self._zero_ns) / _SECOND)
        await self._until(self._acts.over_s - self._zero_ns / _SECOND)

    async def _act(self, run: Run, timed: Timed, at_s: float) -> float:
        """Do one thing at its time; when it was done. Raises SynthlabError where the lab cannot do it."""
        due_s = at_s + timed.at_s
        try:
            if isinstance(timed.action, Change | Reset):
                await self._turns.wait(due_s - LEAD_S, self._order[run.id])
                return await self._change(run, timed, due_s)
            await self._until(due_s)
            late_s = self.now_s() - due_s
            done_s = await self._do(run, timed.action, due_s)
            self.chronicle.began(run, due_s, late_s)
        except ExpectationFailed as failure:
            self.chronicle.began(run, due_s, 0.0)
            self._watcher.step(self.chronicle.step(run, error=failure.message))
            self.failures.append(f"{run.place}: {run.text}: {failure.message}")
            self._fail(f"failed: {run.text}: {failure.message}")
            return self.now_s()
        except SynthlabError as error:
            self._watcher.step(self.chronicle.step(run, error=error.message))
            self._fail(f"cannot be played: {run.text}: {error.message}")
            raise SynthlabError(f"{run.place}: {run.text}: cannot be played: {error.message}") from error
        return done_s

    async def _change(self, run: Run, timed: Timed, due_s: float) -> float:
        """Change conditions at a time, and see that they are in force; since when."""
        action = self._still_to_make(run, timed)
        if action is None:
            return due_s
        due_ns = self._zero_ns + round(due_s * _SECOND)
        self._mark(run.mark or str(action))
        if isinstance(action, Reset):
            made = await self._layers.reset(action.clients, due_ns)
        else:
            made = await self._layers.put(action, due_ns)
            if action.lease_s is not None:
                until_s = due_s + made.late_s + action.lease_s
                self.chronicle.step(run, until_s=until_s)
                self._look_later(action.clients, until_s)
        self.chronicle.configure(due_s + made.late_s, made.states)
        self.chronicle.began(run, due_s, made.late_s)
        return (made.at_ns - self._zero_ns) / _SECOND

    def _still_to_make(self, run: Run, timed: Timed) -> Change | Reset | None:
        """The change as it is to be made now; None for one of a step that does not go on."""
        if isinstance(timed.action, Reset):
            self._ongoing.reset(timed.action.clients)
            return timed.action
        assert isinstance(timed.action, Change)
        if timed is run.actions[0]:
            return self._ongoing.begin(run.id, timed.action)
        return self._ongoing.next(run.id, timed.action)

    async def _do(self, run: Run, action: Action, due_s: float) -> float:
        """When it was done; a baseline is when its step is."""
        match action:
            case Judge():
                await self._judge(run, action, due_s)
            case Baseline(for_s=for_s):
                self.recorded.baseline = (due_s, due_s + for_s)
                self.chronicle.step(run, until_s=due_s + for_s)
                self._begin(self._sample_all(due_s + for_s))
                return due_s
            case Container():
                await self._acts.control(action)
            case Load(for_s=for_s):
                self.chronicle.step(run, until_s=due_s + for_s)
                control = await self._acts.load(action)
                if control and not action.congestion:
                    self.chronicle.step(run, text=f"{run.text}, {control}")
            case Exec():
                await self._acts.execute(action)
            case Http():
                await asyncio.to_thread(request, action)
        return self.now_s()

    async def _sample_all(self, until_s: float) -> None:
        """Sample every number as often as those that are judged."""
        with self._sampler.wanting():
            await self._until(until_s - EARLY_S)

    async def _judge(self, run: Run, judge: Judge, asked_s: float) -> None:
        judging, ruling, now_s = ExpectationCheck(judge, asked_s), None, asked_s
        with self._sampler.wanting(judge.expression.names):
            while ruling is None:
                await asyncio.to_thread(self._sampler.next_round)
                now_s = self.recorded.known_s(judge.expression.names) or now_s
                ruling = judging.look(now_s, self.recorded)
                self._watcher.judging(now_s, run.text, judging.seen)
        self._watcher.judged(self.chronicle.rule(run, asked_s, now_s, ruling))
        if not ruling.held:
            self._fail(f"failed: {run.text}: {ruling.reason}")

    def _fail(self, what: str) -> None:
        """Note a failure; soon after the first one, evidence is collected beside what goes on."""
        self._mark(what)
        if self.failed_s is None:
            self.failed_s = self.now_s()
            self._collected = asyncio.create_task(self._collect_soon())

    async def _collect_soon(self) -> None:
        await asyncio.sleep(AFTERMATH_S)
        await asyncio.to_thread(self._collect)

    def _look_later(self, clients: Sequence[str], at_s: float) -> None:
        """Write down the conditions that clients have from a time on; the sampler sees who does not answer then."""

        async def look() -> None:
            await self._until(at_s + LOOK_S)
            with contextlib.suppress(SynthlabError):
                found = [self._stage.client(name) for name in clients]
                self.chronicle.configure(at_s, await asyncio.to_thread(self._stage.lab.states, found))

        task = asyncio.create_task(look())
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    def _heard(self, at_s: float, client: str, state: ClientState) -> None:
        """In the sampler's thread."""
        self.chronicle.configure(at_s, {client: state})

    async def _tidy(self) -> None:
        """Take back all that was changed; the evidence is collected before."""
        self.ended_s = self.now_s()
        await asyncio.to_thread(self._sampler.stop)
        for task in list(self._aside):
            task.cancel()
        if self._collected:
            await self._collected
        self.faults += self._acts.faults()
        with contextlib.suppress(SynthlabError):
            await self._acts.restore()
            await self._layers.release()

    async def _until(self, at_s: float) -> None:
        await asyncio.sleep(max(at_s - self.now_s(), 0.0))


class _Ended(Exception):
    """Something failed: nothing more is played."""


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """The errors of a group and of the groups in it."""
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found

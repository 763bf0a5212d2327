"""Plays the plan of a scenario on a running lab: everything at its time, and everything taken back at the end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ..errors import ExpectationFailed, SynthlabError
from ..interrupts import uninterrupted
from ..scenario.actions import Action, Baseline, Change, Container, Exec, Http, Judge, Load, Reset
from ..scenario.expression import Recorded
from ..scenario.model import Timed
from ..scenario.plan import Block, Plan, Run, Track
from ..scenario.record import Judged, Played
from ..state import ClientState
from .acts import Acts
from .chronicle import Chronicle
from .judging import Judging
from .layers import SEEDS, Layers
from .request import request
from .sampler import Sampler
from .stage import Stage

GAP_S = 0.1
"""A block that waits for the one before it begins so long after that is done: time to tell the clients beforehand."""
LEAD_S = 0.15
"""Clients are told of a change so long before its time."""
EARLY_S = GAP_S + 0.05
"""What only waits for its time counts as done a little before, so that what follows is not late."""
LOOK_S = 0.005
AFTERMATH_S = 1.0
"""How much of what follows a failure the evidence has."""
MOST_AT_ONCE = 64
_SECOND = 10**9


class Watcher(Protocol):
    """Who looks on while a scenario is played. Nothing here may take long."""

    def step(self, step: Played) -> None:
        """A step has begun, or could not be played."""
        ...

    def judging(self, now_s: float, text: str, seen: str) -> None:
        """An expectation is being looked at."""
        ...

    def judged(self, judged: Judged) -> None:
        """An expectation is decided."""
        ...


class Player:
    """Plays one plan, once. What it measures is in `recorded`, what happened in `chronicle`.

    `failures` are the steps that ended badly, `faults` why something could not be played. After a block in which
    something failed nothing more is played, unless `keep_going`. `mark` is told of each moment that is worth finding
    again, and `collect` is called soon after the first failure, with all conditions still in force.
    """

    def __init__(
        self,
        plan: Plan,
        stage: Stage,
        watcher: Watcher,
        mark: Callable[[str], None] = lambda text: None,
        collect: Callable[[], None] = lambda: None,
        keep_going: bool = False,
    ) -> None:
        self.plan = plan
        self.recorded = Recorded()
        self.chronicle = Chronicle(plan)
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
        self._layers = Layers(stage.client)
        self._acts = Acts(stage, self._layers)
        self._sampler = Sampler(stage.clients, self.now_s, self.recorded, stage.metrics, self._heard)
        self._collected: asyncio.Task[None] | None = None
        self._aside: set[asyncio.Task[None]] = set()

    def now_s(self) -> float:
        """Seconds since the first step began."""
        return (time.monotonic_ns() - self._zero_ns) / _SECOND

    async def play(self) -> None:
        """Play it to its end, or to where it fails; then, or when cancelled, take everything back."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MOST_AT_ONCE))
        try:
            async with self._playing():
                await self._until(await self._track(self.plan.track, 0.0))
        except* _Ended:
            pass
        except* SynthlabError as group:
            self.faults += [error.message for error in _leaves(group) if isinstance(error, SynthlabError)]
        finally:
            with uninterrupted():
                await self._tidy()

    @contextlib.asynccontextmanager
    async def _playing(self) -> AsyncIterator[None]:
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
            keeper = group.create_task(self._layers.keep())
            yield
            keeper.cancel()

    async def _track(self, track: Track, begins_s: float) -> float:
        """Play blocks one after the other; when the last one is over."""
        ends_s = begins_s
        for block in track.blocks:
            await self._block(block, begins_s)
            if self.failed_s is not None and not self._keep_going:
                raise _Ended
            ends_s = begins_s + block.least_s
            soonest_s = self.now_s() + GAP_S
            begins_s = max(ends_s, soonest_s) if block.least_s == block.most_s else soonest_s
        return ends_s

    async def _block(self, block: Block, begins_s: float) -> None:
        async with asyncio.TaskGroup() as group:
            for run in block.runs:
                group.create_task(self._run(run, begins_s + run.at_s))

    async def _run(self, run: Run, at_s: float) -> None:
        await self._until(at_s - LEAD_S)
        self._watcher.step(self.chronicle.step(run, planned_s=at_s))
        async with asyncio.TaskGroup() as group:
            for track in run.tracks:
                group.create_task(self._track(track, at_s))
            for timed in run.actions:
                await self._until(at_s + timed.at_s - LEAD_S)
                group.create_task(self._act(run, timed, at_s))
        await self._until(at_s + run.least_s - EARLY_S)
        if not run.actions:
            self.chronicle.began(run, at_s, 0.0)
        self.chronicle.step(run, ended_s=max(self.now_s(), at_s + run.least_s))

    async def _act(self, run: Run, timed: Timed, at_s: float) -> None:
        """Do one thing at its time. Raises SynthlabError where the lab cannot do it."""
        due_s = at_s + timed.at_s
        try:
            if isinstance(timed.action, Change | Reset):
                late_s = await self._change(run, timed.action, due_s)
            else:
                await self._until(due_s)
                late_s = self.now_s() - due_s
                await self._do(run, timed.action, due_s)
            self.chronicle.began(run, due_s, late_s)
        except ExpectationFailed as failure:
            self.chronicle.began(run, due_s, 0.0)
            self._watcher.step(self.chronicle.step(run, error=failure.message))
            self.failures.append(f"{run.place}: {run.text}: {failure.message}")
            self._fail(f"failed: {run.text}: {failure.message}")
        except SynthlabError as error:
            self._watcher.step(self.chronicle.step(run, error=error.message))
            self._fail(f"cannot be played: {run.text}: {error.message}")
            raise SynthlabError(f"{run.place}: {run.text}: cannot be played: {error.message}") from error

    async def _change(self, run: Run, action: Change | Reset, due_s: float) -> float:
        """Change conditions at a time, and see that they are in force; how late that was, in seconds."""
        due_ns = self._zero_ns + round(due_s * _SECOND)
        self._mark(run.mark or str(action))
        if isinstance(action, Reset):
            states, late_s = await self._layers.reset(action.clients, due_ns)
        else:
            states, late_s = await self._layers.put(action, due_ns)
            if action.lease_s is not None:
                until_s = due_s + late_s + action.lease_s
                self.chronicle.step(run, until_s=until_s)
                self._look_later(action.clients, until_s)
        self.chronicle.configure(due_s + late_s, states)
        return late_s

    async def _do(self, run: Run, action: Action, due_s: float) -> None:
        match action:
            case Judge():
                await self._judge(run, action, due_s)
            case Baseline(for_s=for_s):
                self.recorded.baseline = (due_s, due_s + for_s)
                self.chronicle.step(run, until_s=due_s + for_s)
            case Container():
                await self._acts.control(action)
            case Load(for_s=for_s):
                self.chronicle.step(run, until_s=due_s + for_s)
                await self._acts.load(action)
            case Exec():
                await self._acts.execute(action)
            case Http():
                await asyncio.to_thread(request, action)

    async def _judge(self, run: Run, judge: Judge, asked_s: float) -> None:
        judging, ruling = Judging(judge, asked_s), None
        while ruling is None:
            now_s = await asyncio.to_thread(self._sampler.next_round)
            if now_s > asked_s:
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

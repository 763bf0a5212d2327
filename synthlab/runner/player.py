"""Plays the plan of a scenario on a running lab: every step at its time, and everything reverted at the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from ..engine.clock import MACHINE, Clock
from ..errors import SynthlabError
from ..interrupts import uninterrupted
from ..scenario.actions import changes_conditions
from ..scenario.expression import Recorded
from ..scenario.model import Block, StepRun, Track
from ..scenario.plan import Plan
from ..text.durations import MS_NS
from .action_executor import EARLY_NS, LEAD_NS, ActionExecutor
from .failures import Failures
from .live_lab import LiveLab
from .run_clock import RunClock
from .run_log import RunLog
from .turns import Turns
from .watcher import Watcher

GAP_NS = 100 * MS_NS
"""The gap between the end of a step and a change that waits for it: the time to send the change to clients."""
MOST_AT_ONCE = 64


class Player:
    """Plays one plan, once. Measurements are in `recorded`, events in `log`.

    `failures` are failed steps, `faults` reasons why something could not be played. A failure ends the run after its
    block, unless `keep_going`. `mark` is called for moments worth finding in the evidence; `collect` is called soon
    after the first failure, with all conditions still in force.
    """

    def __init__(
        self,
        plan: Plan,
        live_lab: LiveLab,
        watcher: Watcher,
        mark: Callable[[str], None] = lambda text: None,
        collect: Callable[[], None] = lambda: None,
        keep_going: bool = False,
        clock: Clock = MACHINE,
    ) -> None:
        self.plan = plan
        self.log = RunLog(plan)
        self.faults: list[str] = []
        self.ended_ns = 0
        self._watcher = watcher
        self._keep_going = keep_going
        self._time = RunClock(clock)
        self._failures = Failures(self._time, mark, collect)
        self._turns = Turns(self._time, (visit.run.id for visit in plan.visits()))
        self._executor = ActionExecutor(
            live_lab, watcher, self.log, self._failures, mark, self._begin, self._time, self._turns
        )
        self._beside: set[asyncio.Task[None]] = set()

    @property
    def recorded(self) -> Recorded:
        return self._executor.recorded

    @property
    def failures(self) -> list[str]:
        return self._failures.ended_badly

    @property
    def touched(self) -> set[str]:
        """The containers that steps have paused, stopped or started."""
        return self._executor.touched

    @property
    def started(self) -> datetime:
        """The start of the first step."""
        return self._time.started

    async def play(self) -> None:
        """Play to the end or the first failure; then, or when cancelled, revert everything."""
        # Each request that waits for a client holds a thread, and Python's default on a small machine is a few.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MOST_AT_ONCE))
        try:
            async with self._playing() as group:
                self._group = group
                await self._time.until(await self._track(self.plan.track, 0, 0))
                await self._play_out()
        except* _Ended:
            pass
        except* SynthlabError as group:
            self.faults += [error.message for error in _leaves(group) if isinstance(error, SynthlabError)]
        finally:
            # A second Ctrl-C here would leave clients impaired until their leases expire.
            with uninterrupted():
                await self._tidy()

    @contextlib.asynccontextmanager
    async def _playing(self) -> AsyncIterator[asyncio.TaskGroup]:
        """Prepare the lab, start sampling and renew leases meanwhile; a lost lease cancels the body."""
        await self._executor.prepare(self.plan)
        # Time begins only now: uploads of traces must not delay the first step.
        self._time.begin(GAP_NS)
        self._executor.start()
        async with asyncio.TaskGroup() as group:
            keepers = [group.create_task(keeper) for keeper in self._executor.keepers()]
            yield group
            for keeper in keepers:
                keeper.cancel()

    async def _track(self, track: Track, begins_ns: int, soonest_ns: int) -> int:
        """Play blocks in sequence, the first from `begins_ns`, without changes before `soonest_ns`.

        Returns when the last one was done.
        """
        for block in track.blocks:
            begins_ns = await self._block(block, begins_ns, soonest_ns)
            if self._failures.first_ns is not None and not self._keep_going:
                raise _Ended
            soonest_ns = self._time.now_ns() + GAP_NS
        return begins_ns

    async def _block(self, block: Block, begins_ns: int, soonest_ns: int) -> int:
        """Play runs timed from `begins_ns`; returns when the last one was done."""
        async with asyncio.TaskGroup() as group:
            runs = [group.create_task(self._run(run, begins_ns + run.at_ns, soonest_ns)) for run in block.runs]
        return max(run.result() for run in runs)

    async def _run(self, run: StepRun, at_ns: int, soonest_ns: int) -> int:
        """Play a run; returns when it was done. Its later actions continue in parallel.

        Where the end is known in advance, that is the planned time and not the time of return, so that the player's own
        delays do not add up over the steps.
        """
        if run.actions and changes_conditions(run.actions[0].action):
            at_ns = max(at_ns, soonest_ns)
        await self._time.until(at_ns - LEAD_NS)
        self._watcher.step(self.log.step(run, planned_ns=at_ns))
        async with asyncio.TaskGroup() as group:
            parts = [group.create_task(self._track(track, at_ns, soonest_ns)) for track in run.tracks]
            parts += [group.create_task(self._executor.act(run, timed, at_ns)) for timed in run.actions[:1]]
            if len(run.actions) > 1:
                self._begin(self._go_on(run, at_ns))
        await self._time.until(at_ns + run.least_ns - EARLY_NS)
        if not run.actions:
            self.log.began(run, at_ns, 0)
        done_ns = max([at_ns + run.least_ns, *(part.result() for part in parts)])
        if len(run.actions) <= 1:
            self._watcher.ended(self.log.step(run, ended_ns=max(self._time.now_ns(), done_ns)))
        return done_ns

    async def _go_on(self, run: StepRun, at_ns: int) -> None:
        """Perform all actions of a run except the first, each at its time."""
        async with asyncio.TaskGroup() as group:
            for timed in run.actions[1:]:
                await self._turns.wait(at_ns + timed.at_ns - LEAD_NS, run.id)
                if not self._executor.goes_on(run):
                    break
                group.create_task(self._executor.act(run, timed, at_ns))
        self._watcher.ended(self.log.step(run, ended_ns=self._time.now_ns()))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Run `work` in parallel with the next steps."""
        task = self._group.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _play_out(self) -> None:
        """Wait for parallel work, timed changes and traffic to end."""
        while self._beside:
            await asyncio.wait(self._beside)
        await self._time.until(self._executor.over_ns)

    async def _tidy(self) -> None:
        """Collect pending evidence, then revert every change."""
        self.ended_ns = self._time.now_ns()
        await self._executor.stop()
        await self._failures.collected()
        self.faults += self._executor.faults()
        await self._executor.restore()


class _Ended(Exception):
    """Ends the run after a failure."""


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """All errors of a group and its nested groups."""
    leaves: list[BaseException] = []
    for error in group.exceptions:
        leaves += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return leaves

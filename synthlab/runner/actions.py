"""What a scenario does besides changing conditions: containers, commands, competing traffic."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..contract import ContainerAction
from ..engine.clock import MACHINE, Clock
from ..errors import ExpectationFailed, SynthlabError
from ..scenario.actions import LEASE_NS, ContainerChange, Exec, Traffic
from ..text.durations import format_duration, seconds_of
from .guard import Back, Guard
from .leases import RENEW_S, Leases
from .live_lab import LiveLab

if TYPE_CHECKING:
    from .traffic import RunningTraffic

_BACK: dict[ContainerAction, Back] = {"pause": "unpause", "stop": "start"}
SHOWN = 200
"""Characters of what a failed command wrote last, or a server answered."""


@dataclass(slots=True)
class Acts:
    """Does them, and undoes at the end what a scenario has left undone; if we are killed, a guard does."""

    stage: LiveLab
    layers: Leases
    clock: Clock = MACHINE
    _down: dict[str, Back] = field(default_factory=dict)
    _guard: Guard = field(init=False)
    _traffic: list[RunningTraffic] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._guard = Guard(seconds_of(LEASE_NS), self.stage.backend.engine.control_command())

    async def control(self, act: ContainerChange) -> None:
        """Do something to containers; a client that comes back gets the conditions in force. Raises SynthlabError."""
        conditioned = self.stage.conditioned(act.names)
        if act.doing in ("pause", "stop", "restart"):
            for name in conditioned:
                self.layers.goes(name)
        await asyncio.gather(*(self._control(name, act) for name in act.names))
        if act.doing in ("unpause", "start", "restart"):
            await asyncio.to_thread(self.stage.refresh)
            await asyncio.gather(*(self._comes(name) for name in conditioned))

    async def _control(self, name: str, act: ContainerChange) -> None:
        container, back = self.stage.container(name), _BACK.get(act.doing)
        if back:
            self._down[name] = back
            self._use_guard(lambda guard: guard.hold(container.id, back))
        await asyncio.to_thread(self.stage.backend.engine.control, container, act.doing)
        if not back:
            self._down.pop(name, None)
            self._use_guard(lambda guard: guard.forget(container.id))

    async def keep(self) -> None:
        """Renew what the guard holds, without end; raises SynthlabError where it has given up on us."""
        while True:
            await self.clock.pause(RENEW_S)
            self._use_guard(Guard.renew)

    def _use_guard(self, act: Callable[[Guard], None]) -> None:
        try:
            act(self._guard)
        except OSError:
            held = ", ".join(self._down) or "no container"
            raise SynthlabError(f"too slow to keep hold of what is paused or stopped ({held}): it went on") from None

    async def _comes(self, name: str) -> None:
        await self.stage.answers(name, self.clock)
        await self.layers.comes(name)

    async def execute(self, act: Exec) -> None:
        """Run a command to its end; raises ExpectationFailed where its status is not 0, or it takes too long."""
        command = self._command(act)
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ExpectationFailed(f"{command[0]} cannot be run: {error.strerror}") from None
        try:
            written, _ = await asyncio.wait_for(process.communicate(), seconds_of(act.within_ns))
        except TimeoutError:
            raise ExpectationFailed(f"did not end within {format_duration(act.within_ns)}") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode:
            said = written.decode(errors="replace").strip().splitlines()[-1:]
            raise ExpectationFailed(": ".join([f"ended with status {process.returncode}", *said])[:SHOWN])

    def _command(self, act: Exec) -> list[str]:
        if act.where is None:
            return list(act.command)
        return self.stage.backend.engine.exec_command(self.stage.container(act.where), act.command)

    async def traffic(self, act: Traffic) -> str:
        """Begin competing traffic, which ends by itself; its congestion control. Raises SynthlabError."""
        from .traffic import start_traffic

        engine, members = self.stage.backend.engine, self.stage.members
        self._traffic.append(await asyncio.to_thread(start_traffic, engine, act, members, self.clock))
        return self._traffic[-1].congestion

    @property
    def over_ns(self) -> int:
        """When the last traffic ends by itself, on the clock; 0 where there is none."""
        return max((traffic.ends_ns for traffic in self._traffic), default=0)

    def faults(self) -> list[str]:
        """Why traffic ended before its time."""
        return [error for traffic in self._traffic if (error := traffic.error())]

    async def restore(self) -> None:
        """End all traffic, and let all containers go on; what fails is left."""
        await asyncio.gather(*(asyncio.to_thread(traffic.stop) for traffic in self._traffic))
        for name, back in list(self._down.items()):
            with contextlib.suppress(SynthlabError):
                container = self.stage.container(name)
                await asyncio.to_thread(self.stage.backend.engine.control, container, back)
                self._use_guard(lambda guard, id=container.id: guard.forget(id))  # type: ignore[misc]
        await asyncio.to_thread(self._guard.close)

"""What a scenario does besides changing conditions: containers, commands, competing traffic."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..containers import Doing
from ..errors import ExpectationFailed, SynthlabError
from ..inside import exec_command
from ..scenario.actions import Container, Exec, Load
from ..scenario.words import seconds
from .layers import Layers
from .stage import Stage

if TYPE_CHECKING:
    from ..traffic import RunningLoad

_BACK: dict[str, Doing] = {"paused": "unpause", "stopped": "start"}
SHOWN = 200
"""Characters of what a failed command wrote last, or a server answered."""


@dataclass(slots=True)
class Acts:
    """Does them, and undoes at the end what a scenario has left undone."""

    stage: Stage
    layers: Layers
    _down: dict[str, str] = field(default_factory=dict)
    _loads: list[RunningLoad] = field(default_factory=list)

    async def control(self, act: Container) -> None:
        """Do something to containers; a client that comes back gets the conditions in force. Raises SynthlabError."""
        conditioned = self.stage.conditioned(act.names)
        if act.doing in ("pause", "stop", "restart"):
            for name in conditioned:
                self.layers.goes(name)
        await asyncio.gather(*(self._control(name, act) for name in act.names))
        if act.doing in ("unpause", "start", "restart"):
            await asyncio.to_thread(self.stage.refresh)
            await asyncio.gather(*(self._comes(name) for name in conditioned))

    async def _control(self, name: str, act: Container) -> None:
        await asyncio.to_thread(self.stage.world.engine.control, self.stage.container(name), act.doing)
        if act.doing in ("pause", "stop"):
            self._down[name] = "paused" if act.doing == "pause" else "stopped"
        else:
            self._down.pop(name, None)

    async def _comes(self, name: str) -> None:
        await self.stage.answers(name)
        await self.layers.comes(name)

    async def execute(self, act: Exec) -> None:
        """Run a command to its end; raises ExpectationFailed where its status is not 0, or it takes too long."""
        command = exec_command(self.stage.container(act.where), act.command) if act.where else list(act.command)
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
            written, _ = await asyncio.wait_for(process.communicate(), act.within_s)
        except TimeoutError:
            raise ExpectationFailed(f"did not end within {seconds(act.within_s)}") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode:
            said = written.decode(errors="replace").strip().splitlines()[-1:]
            raise ExpectationFailed(": ".join([f"ended with status {process.returncode}", *said])[:SHOWN])

    async def load(self, act: Load) -> str:
        """Begin competing traffic, which ends by itself; its congestion control. Raises SynthlabError."""
        from ..traffic import start_load

        self._loads.append(await asyncio.to_thread(start_load, act, self.stage.members))
        return self._loads[-1].congestion

    @property
    def over_s(self) -> float:
        """When the last traffic ends by itself, on the monotonic clock; 0 where there is none."""
        return max((load.ends_s for load in self._loads), default=0.0)

    def faults(self) -> list[str]:
        """Why traffic ended before its time."""
        return [error for load in self._loads if (error := load.error())]

    async def restore(self) -> None:
        """End all traffic, and let all containers go on; what fails is left."""
        await asyncio.gather(*(asyncio.to_thread(load.stop) for load in self._loads))
        for name, state in list(self._down.items()):
            with contextlib.suppress(SynthlabError):
                await asyncio.to_thread(self.stage.world.engine.control, self.stage.container(name), _BACK[state])

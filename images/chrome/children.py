"""Supervises the programs of this client: when one exits, all are stopped."""

import asyncio
import os
import re
import signal
from asyncio.subprocess import Process
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .output import Output

_GRACE_S = 1.5
_DEATH_S = 0.4
_POLL_S = 0.05


@dataclass(frozen=True)
class Program:
    name: str
    command: list[str]
    ready: Path | None = None
    """A file the program creates once it is usable."""
    hushed: str | None = None
    """Pattern of output lines to log only if the program fails."""


@dataclass(frozen=True)
class End:
    """How a program exited: `status` is its exit status, or 128 + the signal number, as in a shell."""

    name: str
    status: int

    @classmethod
    def of(cls, name: str, returncode: int) -> Self:
        return cls(name, returncode if returncode >= 0 else 128 - returncode)

    def __str__(self) -> str:
        if self.status <= 128:
            return f"{self.name} exited with status {self.status}"
        return f"{self.name} was killed by {_signal_name(self.status - 128)}"


class ProgramGroup:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._processes: list[Process] = []
        self._ends: list[asyncio.Task[End]] = []
        self._stopping = False

    async def run(self, programs: Iterable[Program]) -> End:
        """Start the programs in order; return as soon as one exits."""
        for program in programs:
            await self._start(program)
            await self._ready(program)
            if self._ended():
                break
        await asyncio.wait(self._ends, return_when=asyncio.FIRST_COMPLETED)
        return self._ended()[0]

    async def stop(self) -> None:
        """Stop all: SIGTERM, then SIGKILL. Returns within two seconds."""
        self._stopping = True
        for number, patience_s in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, _DEATH_S)):
            self._signal(number)
            if self._ends:
                await asyncio.wait(self._ends, timeout=patience_s)

    async def _start(self, program: Program) -> None:
        # One session per program: a browser is many processes, and a signal must reach them all.
        output, writing = None, None
        if program.hushed is not None:
            output, writing = await Output.open(re.compile(program.hushed))
        process = await asyncio.create_subprocess_exec(
            *program.command, env=self._environment, stdout=writing, stderr=writing, start_new_session=True
        )
        if writing is not None:
            os.close(writing)
        self._processes.append(process)
        self._ends.append(asyncio.create_task(self._end(program.name, process, output)))

    async def _ready(self, program: Program) -> None:
        while program.ready and not program.ready.exists() and not self._ended():
            await asyncio.sleep(_POLL_S)

    async def _end(self, name: str, process: Process, output: Output | None) -> End:
        end = End.of(name, await process.wait())
        if output and not self._stopping:
            await output.flush()
        return end

    def _ended(self) -> list[End]:
        return [task.result() for task in self._ends if task.done()]

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

"""Actions other than changes of conditions: container control, changes of networks, commands, competing traffic."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..contract import ContainerAction
from ..control.roaming import roam, roam_back
from ..engine.clock import MACHINE, Clock
from ..errors import ExpectationFailed, SynthlabError
from ..scenario.actions import LEASE_NS, ContainerChange, Exec, Roam, Traffic
from ..text.durations import format_duration, seconds_of
from .guard import Guard
from .leases import RENEW_S, Leases
from .live_lab import LiveLab

if TYPE_CHECKING:
    from .traffic import RunningTraffic

_BACK: dict[ContainerAction, ContainerAction] = {"pause": "unpause", "stop": "start"}
SHOWN = 200
"""Maximum length of the output of a failed command in an error."""


@dataclass(slots=True)
class Actions:
    """Performs actions and reverts the remaining ones at the end; if the player is killed, a guard does."""

    live_lab: LiveLab
    leases: Leases
    clock: Clock = MACHINE
    touched: set[str] = field(default_factory=set)
    """The containers that a step has paused, stopped or started."""
    _down: dict[str, ContainerAction] = field(default_factory=dict)
    _uplinks: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _guard: Guard = field(init=False)
    _traffic: list[RunningTraffic] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._guard = Guard(seconds_of(LEASE_NS))

    async def control(self, act: ContainerChange) -> None:
        """Control containers. A client that comes back gets its leases again. Raises SynthlabError."""
        conditioned = self.live_lab.conditioned(act.names)
        # Marked before it stops: a renewal that meets a stopped client would end the run.
        if act.action in ("pause", "stop", "restart"):
            for name in conditioned:
                self.leases.goes(name)
        await asyncio.gather(*(self._control(name, act) for name in act.names))
        if act.action in ("unpause", "start", "restart"):
            await asyncio.to_thread(self.live_lab.refresh)
            await asyncio.gather(*(self._comes(name) for name in conditioned))

    async def _control(self, name: str, act: ContainerChange) -> None:
        container, back = self.live_lab.container(name), _BACK.get(act.action)
        engine = self.live_lab.backend.engine
        self.touched.add(name)
        # Guarded before it stops: if the player were killed in between, nobody would resume it.
        if back:
            command = engine.control_command(container, back)
            self._down[name] = back
            self._use_guard(lambda guard: guard.hold(name, command))
        await asyncio.to_thread(engine.control, container, act.action)
        if not back:
            self._down.pop(name, None)
            self._use_guard(lambda guard: guard.forget(name))

    async def keep(self) -> None:
        """Renew the guard, endlessly; raises SynthlabError if it has ended and resumed the containers."""
        while True:
            await self.clock.pause(RENEW_S)
            self._use_guard(Guard.renew)

    def _use_guard(self, act: Callable[[Guard], None]) -> None:
        try:
            act(self._guard)
        except OSError:
            held = ", ".join(self._down) or "none"
            raise SynthlabError(
                f"the guard was not renewed in time and resumed paused or stopped containers: {held}: "
                "this machine is too slow or too busy"
            ) from None

    async def _comes(self, name: str) -> None:
        await self.live_lab.answers(name, self.clock)
        await self.leases.comes(name)

    async def roam(self, act: Roam) -> None:
        """Have a client change its network; returns once it is there. Raises SynthlabError."""
        if act.client not in self._uplinks:
            before = (await asyncio.to_thread(self.live_lab.client(act.client).api.state)).uplink
            if before and before["in_use"]:
                self._uplinks[act.client] = before
        await asyncio.to_thread(roam, self.live_lab.lab, act.client, act.way)

    async def execute(self, act: Exec) -> None:
        """Run a command to its end; raises ExpectationFailed on a nonzero exit status or a timeout."""
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
                    # The whole group: what a shell has started must end with it.
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode:
            last_line = written.decode(errors="replace").strip().splitlines()[-1:]
            raise ExpectationFailed(": ".join([f"ended with status {process.returncode}", *last_line])[:SHOWN])

    def _command(self, act: Exec) -> list[str]:
        if act.where is None:
            return list(act.command)
        return self.live_lab.backend.engine.exec_command(self.live_lab.container(act.where), act.command)

    async def traffic(self, act: Traffic) -> str:
        """Start competing traffic; returns its TCP congestion control, or "". Raises SynthlabError."""
        from .traffic import start_traffic

        engine, members = self.live_lab.backend.engine, self.live_lab.members
        self._traffic.append(await asyncio.to_thread(start_traffic, engine, act, members, self.clock))
        return self._traffic[-1].congestion

    async def refuse_unavailable(self, wanted: Iterable[Traffic]) -> None:
        """Raise SynthlabError for traffic with a congestion control that its sender's kernel does not have."""
        from .traffic import refuse_unavailable

        named = {(act.ends[0], act.congestion): act for act in wanted if act.congestion}
        engine, members = self.live_lab.backend.engine, self.live_lab.members
        for act in named.values():
            await asyncio.to_thread(refuse_unavailable, engine, act, members)

    def traffic_rates(self) -> dict[str, dict[str, list[float]]]:
        """What arrived of running traffic in the last second, in bit/s of each flow, by client and name."""
        rates: dict[str, dict[str, list[float]]] = {}
        for running in list(self._traffic):
            of_client = rates.setdefault(running.traffic.client, {})
            if (measured := running.rates_bps()) is not None:
                of_client.setdefault(running.traffic.name, []).extend(measured)
        return rates

    @property
    def over_ns(self) -> int:
        """When the last traffic ends, by the clock; 0 if there is none."""
        return max((traffic.ends_ns for traffic in self._traffic), default=0)

    def faults(self) -> list[str]:
        """Errors of traffic that ended early."""
        return [error for traffic in self._traffic if (error := traffic.error())]

    async def restore(self) -> None:
        """Stop all traffic, resume all containers and bring clients back to their networks, ignoring errors."""
        await asyncio.gather(*(asyncio.to_thread(traffic.stop) for traffic in self._traffic))
        for name, back in list(self._down.items()):
            with contextlib.suppress(SynthlabError):
                container = self.live_lab.container(name)
                await asyncio.to_thread(self.live_lab.backend.engine.control, container, back)
                for network in self.live_lab.conditioned([name]):
                    self.leases.wakes(network)
                self._use_guard(lambda guard, name=name: guard.forget(name))  # type: ignore[misc]
        for name, before in self._uplinks.items():
            with contextlib.suppress(SynthlabError):
                await asyncio.to_thread(roam_back, self.live_lab.lab, name, before)
        await asyncio.to_thread(self._guard.close)

"""The lab a scenario is played on, refreshed as containers stop and start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from ..control.backend import Backend
from ..control.container_lookup import find_member
from ..control.group_change import LabClient
from ..control.metrics import Metrics, metrics_readers
from ..control.running_lab import RunningLab
from ..engine.clock import Clock
from ..engine.containers import Container
from ..errors import SynthlabError

ANSWER_S = 60.0
_POLL_S = 0.05


class LiveLab:
    """The clients and containers of one running lab, by name."""

    def __init__(self, backend: Backend, lab: str) -> None:
        self.backend = backend
        self.name = lab
        self.refresh()

    def refresh(self) -> None:
        """Read the containers again: a restarted one has different ports."""
        _, self.members = self.backend.members(self.name)
        self.lab = RunningLab(self.backend, self.name, self.members)

    def clients(self) -> list[LabClient]:
        return self.lab.find()

    def client(self, name: str) -> LabClient:
        return self.lab.find([name])[0]

    def conditioned(self, names: Iterable[str]) -> list[str]:
        """The conditioned networks of these containers, by name: of a service with several, all of them."""
        wanted = list(names)
        return [one.name for one in self.lab.find() if {one.name, one.name.partition("@")[0]} & {*wanted}]

    def container(self, name: str) -> Container:
        return find_member(self.name, self.members, name)

    def metrics(self) -> dict[str, Callable[[], Metrics]]:
        return metrics_readers(self.backend.engine, self.members)

    async def answers(self, name: str, clock: Clock) -> None:
        """Wait until a started client answers; raises SynthlabError after ANSWER_S."""
        deadline = clock.now_s() + ANSWER_S
        while True:
            await asyncio.to_thread(self.refresh)
            try:
                await asyncio.to_thread(self.client(name).api.clock)
                return
            except SynthlabError:
                if clock.now_s() > deadline:
                    raise
            await clock.pause(_POLL_S)

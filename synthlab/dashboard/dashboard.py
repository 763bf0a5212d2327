"""What the endpoints of one server share: its engine, its folder, its tasks, runs, and the events of each lab."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from ..control.addresses import api_url
from ..control.backend import Backend
from ..control.running_lab import RunningLab
from ..engine.containers import Container
from ..errors import WrongUse
from .access import TokenCheck
from .failures import NotThere
from .feeds import Feeds
from .files import ServedFolder
from .runs import ScenarioRuns
from .streamed_http import StreamedAnswer
from .tasks import LabTasks
from .watches import WatchedTests

AGAIN_S = 5.0
"""How long a client that did not answer at its port counts as far away: it may only be starting."""


class Dashboard:
    """`close` ends everything that was started through it."""

    def __init__(self, backend: Backend, folder: Path, access: TokenCheck) -> None:
        self._near: dict[tuple[str, str | None], tuple[bool, float]] = {}
        self.backend = replace(backend, is_near=self._is_near, by="dashboard")
        self._looks_near = backend.is_near
        self.folder = ServedFolder(folder)
        self.access = access
        self.changing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """By lab: held during a change of several clients, so that one that fails reverts only its own values."""
        self.relayed: set[StreamedAnswer] = set()
        """Answers of clients that are being passed on, or waited for."""
        self.tasks = LabTasks(self.backend)
        self.feeds = Feeds(self.lab, self._running)
        self.runs = ScenarioRuns(self.backend, self.feeds)
        self.watches = WatchedTests()

    def lab(self, name: str) -> RunningLab:
        """The running lab of this name. Raises NotThere, or SynthlabError if the engine does not answer."""
        try:
            return RunningLab.named(self.backend, name)
        except WrongUse as error:
            raise NotThere(error.message) from None

    def end_streams(self) -> None:
        """End what would go on for ever, so that open requests come to an end."""
        self.feeds.close()
        for answer in list(self.relayed):
            answer.close()

    async def close(self) -> None:
        """Stop runs and tasks, take down the labs that were brought up here and not kept."""
        await asyncio.to_thread(self.watches.close)
        await asyncio.to_thread(self.runs.close)
        await asyncio.to_thread(self.tasks.close)
        await asyncio.to_thread(self.backend.close)

    def _running(self, lab: str) -> str | None:
        return self.runs.running(lab)

    def _is_near(self, container: Container) -> bool:
        """Whether its ports open on this machine: asked once for each start of a container that answers."""
        key, now_s = (container.id, api_url(container)), self.backend.clock.now_s()
        near, asked_s = self._near.get(key, (False, -AGAIN_S))
        if not near and now_s - asked_s >= AGAIN_S:
            near = self._looks_near(container)
            self._near[key] = near, now_s
        return near

"""A lab that runs: its clients, found by name or group, asked and changed together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from ..contract import ContainerAction
from ..engine.containers import Container
from ..engine.health import wait_until_ready
from ..text.progress import Progress
from .backend import Backend
from .client_api import AT_ONCE, ChangeOptions
from .container_lookup import conditioned_network_of, find_conditioned, find_members
from .group_change import MAX_AT_ONCE, GroupChange, LabClient, Reachable, apply_change, apply_together, each
from .slowness import too_slow
from .state import ClientState
from .webrtc_stats import Stats

_BACK: Mapping[ContainerAction, Sequence[str]] = {"unpause": ("paused",), "start": ("exited", "created", "dead")}


class RunningLab:
    """A running lab. What is done to several clients is done to all of them at the same moment.

    A server that is conditioned is one of the clients, by the name that people use: `sfu`. `members` are the
    containers as last looked at.
    """

    def __init__(self, backend: Backend, name: str, members: Iterable[Container]) -> None:
        self.backend = backend
        self.name = name
        self._take(members)

    @classmethod
    def named(cls, backend: Backend, wanted: str | None) -> Self:
        """The lab of this name; without one, the only one that is up. Raises WrongUse when that is not clear."""
        return cls(backend, *backend.members(wanted))

    # Who is there

    def find(self, names: Iterable[str] = ()) -> list[LabClient]:
        """The clients that the names and names of groups mean, each once; all when there are none."""
        return [self._reached[one.id] for one in find_conditioned(self.name, self.members, names)]

    def one(self, name: str) -> LabClient:
        """The one client that a name means. Raises WrongUse for a group of several."""
        return self._reached[conditioned_network_of(self.name, self.members, name).id]

    def callers(self) -> list[LabClient]:
        """All clients but the servers."""
        return [client for client in self.find() if not client.server]

    def refresh(self) -> None:
        """Look at the containers anew: one that was started again has other ports."""
        self._take(self.backend.members(self.name)[1])

    # Their networks

    def states(self, clients: Iterable[Reachable] | None = None) -> dict[str, ClientState]:
        """What each client (all if none is given) reports of its network, by name."""
        return each(self.find() if clients is None else clients, lambda client: client.api.state())

    def too_slow(self) -> list[str]:
        """Lines that say where this machine is too slow at this moment, so that what it measures says little."""
        return too_slow(self.states())

    def stats(self, clients: Iterable[Reachable] | None = None) -> dict[str, Stats]:
        """Their WebRTC statistics, and what their applications published."""
        return each(self.find() if clients is None else clients, lambda client: client.api.stats())

    def change(
        self,
        clients: Sequence[Reachable],
        change: Mapping[str, Any],
        options: ChangeOptions = AT_ONCE,
        files: Mapping[str, str] | None = None,
    ) -> GroupChange:
        """As `group_change.apply_change`, by the clock of this machine."""
        return apply_change(clients, change, options, files, self.backend.clock)

    def reset(self, clients: Sequence[Reachable] | None = None, perfect: bool = False) -> GroupChange:
        """Give each client (all if none is given) the conditions of its start, or those of a `perfect` network.

        Whatever was for a time ends.
        """

        def act(client: Reachable, options: ChangeOptions) -> ClientState:
            return client.api.replace({}, options) if perfect else client.api.reset(options)

        chosen = self.find() if clients is None else clients
        return apply_together(chosen, act, lambda client: client.api.observe(), AT_ONCE, self.backend.clock)

    # Their containers

    def control(
        self,
        names: Iterable[str],
        action: ContainerAction,
        progress: Progress = lambda line: None,
        timeout_s: float = 120.0,
    ) -> None:
        """Pause, unpause, stop, start or restart containers; who starts is healthy then. Raises SynthlabError."""
        wanted = find_members(self.name, self.members, names)
        with ThreadPoolExecutor(max_workers=MAX_AT_ONCE) as pool:
            list(pool.map(lambda container: self.backend.engine.control(container, action), wanted))
        if action in ("start", "restart"):
            ids = [container.id for container in wanted]
            wait_until_ready(self.name, len(ids), self.backend.engine, progress, timeout_s, ids)
        self.refresh()

    def restore(self) -> None:
        """Let all that was paused or stopped go on, and give every client the conditions of its start."""
        self.refresh()
        for action, states in _BACK.items():
            if halted := [container.title for container in self.members if container.state in states]:
                self.control(halted, action)
        self.reset()

    def _take(self, members: Iterable[Container]) -> None:
        self.members = list(members)
        self._reached = {one.id: self._lab_client(one) for one in self.members if one.conditioned}

    def _lab_client(self, container: Container) -> LabClient:
        name = container.network_name
        return LabClient(name, container.group or name, self.backend.api(container), server=bool(container.network_of))

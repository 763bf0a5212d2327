"""A running lab: finds its clients by name or group, and reads and changes them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from ..contract import ContainerAction
from ..engine.containers import Container
from ..engine.health import wait_until_ready
from ..text.progress import Progress
from .backend import Backend
from .client_api import AT_ONCE, ChangeOptions
from .container_lookup import conditioned_network_of, find_conditioned, find_members, holders
from .group_change import MAX_AT_ONCE, GroupChange, LabClient, Reachable, apply_change, apply_together, each
from .proxied_browser import is_proxy
from .slowness import too_slow
from .state import ClientState
from .webrtc_stats import Stats

if TYPE_CHECKING:
    from .port_tunnel import LocalPort

_BACK: Mapping[ContainerAction, Sequence[str]] = {"unpause": ("paused",), "start": ("exited", "created", "dead")}


class RunningLab:
    """A running lab. Changes of several clients take effect at the same moment.

    A conditioned server counts as a client, by its usual name: `sfu`. `members` are the containers as last read.
    """

    def __init__(self, backend: Backend, name: str, members: Iterable[Container]) -> None:
        self.backend = backend
        self.name = name
        self._carried: dict[tuple[str, int], LocalPort] = {}
        self._take(members)

    @classmethod
    def named(cls, backend: Backend, wanted: str | None) -> Self:
        """The lab of this name; without a name, the only one that is up. Raises WrongUse if none or several match."""
        return cls(backend, *backend.members(wanted))

    # Clients

    def find(self, names: Iterable[str] = ()) -> list[LabClient]:
        """The clients of these names and groups, each once; all if no name is given."""
        return [self._reached[one.network_name] for one in find_conditioned(self.name, self.members, names)]

    def one(self, name: str) -> LabClient:
        """The client of this name. Raises WrongUse for a group of several."""
        return self._reached[conditioned_network_of(self.name, self.members, name).network_name]

    def callers(self) -> list[LabClient]:
        """All clients except servers."""
        return [client for client in self.find() if not client.server]

    def refresh(self) -> None:
        """Read the containers again: a restarted container has other ports."""
        self._take(self.backend.members(self.name)[1])

    # Networks

    def states(self, clients: Iterable[Reachable] | None = None) -> dict[str, ClientState]:
        """The network state of each client, by name; of all by default."""
        return each(self.find() if clients is None else clients, lambda client: client.api.state())

    def too_slow(self) -> list[str]:
        """One line per link on which this machine is too slow at this moment for reliable measurements."""
        return too_slow(self.states())

    def stats(self, clients: Iterable[Reachable] | None = None) -> dict[str, Stats]:
        """WebRTC statistics and application-published values of each client, by name; of all by default."""
        return each(self.find() if clients is None else clients, lambda client: client.api.stats())

    def change(
        self,
        clients: Sequence[Reachable],
        change: Mapping[str, Any],
        options: ChangeOptions = AT_ONCE,
        files: Mapping[str, str] | None = None,
    ) -> GroupChange:
        """Like `group_change.apply_change`, with the backend's clock."""
        return apply_change(clients, change, options, files, self.backend.clock)

    def reset(self, clients: Sequence[Reachable] | None = None, perfect: bool = False) -> GroupChange:
        """Restore each client's startup conditions, or a `perfect` network; all clients by default.

        Drops leases and scheduled changes.
        """

        def act(client: Reachable, options: ChangeOptions) -> ClientState:
            return client.api.replace({}, options) if perfect else client.api.reset(options)

        chosen = self.find() if clients is None else clients
        return apply_together(chosen, act, lambda client: client.api.observe(), AT_ONCE, self.backend.clock)

    def drop_mappings(self, routers: Sequence[Reachable]) -> GroupChange:
        """Drop all mappings of the NAT of these routers. Raises WrongUse for one that is no router."""
        return GroupChange(each(routers, lambda router: router.api.drop_mappings()))

    # Containers

    def control(
        self,
        names: Iterable[str],
        action: ContainerAction,
        progress: Progress = lambda line: None,
        timeout_s: float = 120.0,
    ) -> None:
        """Pause, unpause, stop, start or restart containers. Waits until started ones are healthy.

        Raises SynthlabError if the engine refuses, or after `timeout_s`.
        """
        wanted = find_members(self.name, self.members, names)
        if action in ("start", "restart"):
            self._hold(wanted, progress, timeout_s)
        with ThreadPoolExecutor(max_workers=MAX_AT_ONCE) as pool:
            list(pool.map(lambda container: self.backend.engine.control(container, action), wanted))
        if action in ("start", "restart"):
            # A swarm replaces a container by another one of the same name.
            called = [container.name for container in wanted]
            wait_until_ready(self.name, len(called), self.backend.engine, progress, timeout_s, called)
        self.refresh()

    def carry(self, container: Container, port: int) -> int:
        """A port of this machine that leads to one of a container on another machine, until `release_ports`."""
        from .port_tunnel import local_port

        place = container.id, port
        if place not in self._carried:
            self._carried[place] = local_port(self.backend, container, port)
        return self._carried[place].number

    def release_ports(self) -> None:
        while self._carried:
            self._carried.popitem()[1].close()

    def _hold(self, wanted: Sequence[Container], progress: Progress, timeout_s: float) -> None:
        """Start the companions that do not run, and hold the networks of containers that are to start."""
        held = holders(self.members)
        ended = [held[one.title] for one in wanted if one.title in held and held[one.title].state != "running"]
        for container in ended:
            self.backend.engine.control(container, "start")
        if ended:
            names = [container.name for container in ended]
            wait_until_ready(self.name, len(names), self.backend.engine, progress, timeout_s, names)

    def restore(self) -> None:
        """Start or unpause all halted containers, and restore every client's startup conditions."""
        self.refresh()
        for action, states in _BACK.items():
            if halted := [container.title for container in self.members if container.state in states]:
                self.control(halted, action)
        self.reset()

    def _take(self, members: Iterable[Container]) -> None:
        self.members = list(members)
        networks = [network for one in self.members if one.conditioned for network in one.per_network()]
        self._reached = {one.network_name: self._lab_client(one) for one in networks}

    def _lab_client(self, container: Container) -> LabClient:
        name = container.network_name
        api = self.backend.api(container).signed(self.backend.by)
        kind = {"server": bool(container.network_of) or container.role == "router", "proxy": is_proxy(container)}
        return LabClient(name, container.group or name, api, probes=container.probes, node=container.node, **kind)

"""A running lab: its clients, found by name or group, asked and changed together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from .containers import Container
from .errors import SynthlabError, WrongUse, did_you_mean
from .numbers import Numbers
from .ports import API_PORT, HOST
from .remote import ClientApi, Remote
from .state import ClientState

MAX_AT_ONCE = 16

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LabClient:
    """One client of a running lab."""

    name: str
    group: str
    api: ClientApi


class Lab:
    """A running lab. What is done to several clients is done to all of them at once."""

    def __init__(self, name: str, clients: Sequence[LabClient]) -> None:
        self.name = name
        self.clients = tuple(clients)

    def find(self, names: Iterable[str] = ()) -> list[LabClient]:
        """The clients that the names and names of groups mean, each once; all when there are none."""
        wanted: dict[str, LabClient] = {}
        for name in names:
            wanted |= {client.name: client for client in self._named(name)}
        return list(wanted.values()) or list(self.clients)

    def states(self, clients: Iterable[LabClient]) -> dict[str, ClientState]:
        return _each(clients, lambda client: client.api.state())

    def numbers(self, clients: Iterable[LabClient]) -> dict[str, Numbers]:
        return _each(clients, lambda client: client.api.numbers())

    def change(self, clients: Sequence[LabClient], change: Mapping[str, Any]) -> dict[str, ClientState]:
        """Put a partial change into each client's conditions: into all, or, when one refuses or fails, into none."""
        if len(clients) == 1:
            return _each(clients, lambda client: client.api.change(change))
        _each(clients, lambda client: client.api.check(change))
        return self._all_or_none(clients, lambda client: client.api.change(change))

    def reset(self, clients: Sequence[LabClient], perfect: bool = False) -> dict[str, ClientState]:
        """Give each client the conditions of its start, or those of a `perfect` network."""
        return self._all_or_none(clients, lambda client: client.api.replace({}) if perfect else client.api.reset())

    def _all_or_none(
        self, clients: Sequence[LabClient], act: Callable[[LabClient], ClientState]
    ) -> dict[str, ClientState]:
        before = self.states(clients)
        try:
            return _each(clients, act)
        except BaseException:
            # One that did not answer may have changed all the same: all get their old conditions back.
            for client in clients:
                _restore(client, before[client.name])
            raise

    def _named(self, name: str) -> list[LabClient]:
        found = [client for client in self.clients if name in (client.name, client.group)]
        if not found:
            names = [client.name for client in self.clients]
            groups = [client.group for client in self.clients]
            hint = did_you_mean(name, dict.fromkeys(names + groups)) or f"; there are: {', '.join(names)}"
            raise WrongUse(f"no client '{name}' in lab '{self.name}'{hint}")
        return found


def remote_of(container: Container) -> ClientApi:
    """The API of a client's container, which may not run: that is told when the API is asked."""
    return Remote(container.client, api_url(container))


def api_url(container: Container) -> str | None:
    """Where a client's API answers, if its container runs."""
    port = container.ports.get(API_PORT)
    return f"http://{HOST}:{port}" if port else None


def lab_of(name: str, containers: Iterable[Container], api: Callable[[Container], ClientApi] = remote_of) -> Lab:
    """The lab that these containers make up."""
    clients = [container for container in containers if container.role == "client"]
    return Lab(name, [LabClient(client.client, client.group, api(client)) for client in clients])


def choose_lab(running: Iterable[str], wanted: str | None) -> str:
    """The lab that a command means: the one that is `wanted`, or the only one that runs. Raises WrongUse."""
    labs = sorted(set(running))
    if wanted is not None:
        if wanted not in labs:
            hint = did_you_mean(wanted, labs) or f"; there are: {', '.join(labs) or 'none'}"
            raise WrongUse(f"no lab '{wanted}' is up{hint}")
        return wanted
    if not labs:
        raise WrongUse("no lab is up: bring one up with `synthlab up call.yaml`")
    if len(labs) > 1:
        raise WrongUse(f"several labs are up: {', '.join(labs)}; say which with --lab NAME or SYNTHLAB_LAB")
    return labs[0]


def _each(clients: Iterable[LabClient], act: Callable[[LabClient], T]) -> dict[str, T]:
    """What `act` gives for each client, all at once; the first failure in the clients' order is raised."""
    clients = list(clients)
    with ThreadPoolExecutor(max_workers=MAX_AT_ONCE) as pool:
        futures = [pool.submit(act, client) for client in clients]
    return {client.name: future.result() for client, future in zip(clients, futures, strict=True)}


def _restore(client: LabClient, state: ClientState) -> None:
    try:
        client.api.replace(state.conditions.to_dict())
    except SynthlabError:
        return  # it is beyond reach, which the first error says already

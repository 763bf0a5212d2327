"""A running lab: its clients, found by name or group, asked and changed together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from syntheticnet.conditions import parse_duration

from .clocks import Reading, moment
from .containers import Container
from .errors import SynthlabError, WrongUse, did_you_mean
from .numbers import Numbers
from .ports import API_PORT, COMPANION_API_PORT, HOST
from .remote import AT_ONCE, ClientApi, Remote, Terms
from .stack import SFU_HOST
from .state import ClientState

MAX_AT_ONCE = 16
# Several clients are told so long beforehand: time to reach them all, and short enough not to be noticed.
LEAD_NS = 60_000_000
AFTER_S = 0.005

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LabClient:
    """One client of a running lab."""

    name: str
    group: str
    api: ClientApi


@dataclass(frozen=True, slots=True)
class Change:
    """What a change has come to: each client's state, and how far apart in time they changed at the most.

    `apart_ns` is None for a single client.
    """

    states: dict[str, ClientState]
    apart_ns: int | None = None


Act = Callable[[LabClient, Terms], ClientState]


class Lab:
    """A running lab. What is done to several clients is done to all of them at the same moment.

    A media server that is conditioned is one of the clients, by the name `sfu`; `participants` are the others.
    """

    def __init__(self, name: str, clients: Sequence[LabClient]) -> None:
        self.name = name
        self.clients = tuple(clients)

    @property
    def participants(self) -> tuple[LabClient, ...]:
        return tuple(client for client in self.clients if client.name != SFU_HOST)

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

    def change(
        self,
        clients: Sequence[LabClient],
        change: Mapping[str, Any],
        terms: Terms = AT_ONCE,
        files: Mapping[str, str] | None = None,
    ) -> Change:
        """Put a partial change into each client's conditions: into all, or, when one refuses or fails, into none.

        Each client gets the `files` first, which the change may name.
        """
        if files:
            _each(clients, lambda client: _put_files(client, files))
        if len(clients) > 1:
            _each(clients, lambda client: client.api.check(change, terms))
        return self._act(clients, lambda client, terms: client.api.change(change, terms), terms)

    def reset(self, clients: Sequence[LabClient], perfect: bool = False) -> Change:
        """Give each client the conditions of its start, or those of a `perfect` network; leases end."""

        def act(client: LabClient, terms: Terms) -> ClientState:
            return client.api.replace({}, terms) if perfect else client.api.reset(terms)

        return self._act(clients, act, AT_ONCE)

    def _act(self, clients: Sequence[LabClient], act: Act, terms: Terms) -> Change:
        """Act on one client at once, on several at the same moment of a clock that they are all told of."""
        if len(clients) == 1:
            return Change(_each(clients, lambda client: act(client, terms)))
        asked_ns = time.monotonic_ns()
        before = self.states(clients)
        round_ns = time.monotonic_ns() - asked_ns
        readings = _each(clients, _read_clock)
        ahead_ns = _lead_ns(readings.values(), round_ns) if terms.after is None else parse_duration(terms.after)
        told = moment(readings, time.monotonic_ns() + ahead_ns)
        timed = {name: replace(terms, at_ns=at_ns, after=None) for name, at_ns in told.at_ns.items()}
        try:
            states = _each(clients, lambda client: act(client, timed[client.name]))
        except BaseException:
            # One that did not answer may have changed all the same: all get their old conditions back.
            for client in clients:
                _restore(client, before[client.name])
            raise
        late_s = max((state.entry.late_s for state in states.values() if state.entry), default=0.0)
        if terms.after is None:
            states = self._after(clients, states)
        return Change(states, told.doubt_ns + round(late_s * 1e9))

    def _after(self, clients: Sequence[LabClient], states: Mapping[str, ClientState]) -> dict[str, ClientState]:
        """The states when all that was scheduled has begun; raises SynthlabError where it could not."""
        time.sleep(max((state.entry.in_s or 0.0 for state in states.values() if state.entry), default=0.0) + AFTER_S)
        after = self.states(clients)
        for name, state in states.items():
            if state.entry and state.entry.id in after[name].failures:
                raise SynthlabError(f"{name}: {after[name].failures[state.entry.id]}")
        return {name: state.with_entry_of(states[name]) for name, state in after.items()}

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
    """Where a client's API answers, if its container runs; an engine that died may still list an old port of it."""
    if container.state not in ("running", "paused", "restarting"):
        return None
    port = container.ports.get(API_PORT if container.role == "client" else COMPANION_API_PORT)
    return f"http://{HOST}:{port}" if port else None


def lab_of(name: str, containers: Iterable[Container], api: Callable[[Container], ClientApi] = remote_of) -> Lab:
    """The lab that these containers make up."""
    conditioned = [container for container in containers if container.conditioned]
    return Lab(name, [_lab_client(container, api(container)) for container in conditioned])


def _lab_client(container: Container, api: ClientApi) -> LabClient:
    """What holds the media server's network goes by the media server's name."""
    if container.role == "client":
        return LabClient(container.client, container.group, api)
    return LabClient(SFU_HOST, SFU_HOST, api)


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


def _put_files(client: LabClient, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        client.api.put_file(name, text)


def _read_clock(client: LabClient) -> Reading:
    sent = time.monotonic_ns()
    return Reading(sent, client.api.clock(), time.monotonic_ns())


def _lead_ns(readings: Iterable[Reading], round_ns: int) -> int:
    """How long beforehand the clients are told: to reach those that are far away, or very many, takes longer.

    A round is what it took to ask all of them something that is easier to answer.
    """
    return max(LEAD_NS, 3 * max(reading.received - reading.sent for reading in readings), 2 * round_ns)


def _restore(client: LabClient, before: ClientState) -> None:
    """Take back what has been asked of a client since `before`."""
    known = {entry.id for entry in (*before.leases, *before.scheduled)}
    try:
        present = client.api.state()
        for entry in (*present.leases, *present.scheduled):
            if entry.id not in known:
                client.api.release(entry.id)
        if present.base != before.base:
            client.api.replace(before.base.to_dict(), Terms(keep=True))
    except SynthlabError:
        return  # it is beyond reach, which the first error says already

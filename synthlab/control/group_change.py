"""Changes of several clients' conditions: of all of them at the same moment, or of none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from syntheticnet.conditions import parse_duration

from ..errors import SynthlabError
from .client_api import ChangeOptions, ClientApi
from .clock_sync import ClockSample, moment
from .state import ClientState

MAX_AT_ONCE = 16
# Several clients are told so long beforehand: time to reach them all, and short enough not to be noticed.
LEAD_NS = 60_000_000
AFTER_S = 0.005

T = TypeVar("T")


class Reachable(Protocol):
    """A client, as far as its network is concerned."""

    @property
    def name(self) -> str: ...

    @property
    def api(self) -> ClientApi: ...


@dataclass(frozen=True, slots=True)
class LabClient:
    """One client of a running lab, or a conditioned `server`, and how it is reached at present."""

    name: str
    group: str
    api: ClientApi
    server: bool = False


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What a change has come to: each client's state, and how far apart in time they changed at the most.

    `apart_ns` is None for a single client.
    """

    states: dict[str, ClientState]
    apart_ns: int | None = None


Act = Callable[[Reachable, ChangeOptions], ClientState]


def each(clients: Iterable[Reachable], act: Callable[[Reachable], T]) -> dict[str, T]:
    """What `act` gives for each client, all at once; the first failure in the clients' order is raised."""
    clients = list(clients)
    with ThreadPoolExecutor(max_workers=MAX_AT_ONCE) as pool:
        futures = [pool.submit(act, client) for client in clients]
    return {client.name: future.result() for client, future in zip(clients, futures, strict=True)}


def apply_change(
    clients: Sequence[Reachable],
    change: Mapping[str, Any],
    terms: ChangeOptions,
    files: Mapping[str, str] | None = None,
) -> GroupChange:
    """Put a partial change into each client's conditions: into all, or, when one refuses or fails, into none.

    Each client gets the `files` first, which the change may name.
    """
    if files:
        each(clients, lambda client: put_files(client, files))
    if len(clients) > 1:
        each(clients, lambda client: client.api.check(change, terms))
    return apply_together(clients, lambda client, terms: client.api.change(change, terms), terms)


def apply_together(clients: Sequence[Reachable], act: Act, terms: ChangeOptions) -> GroupChange:
    """Act on one client at once, on several at the same moment of a clock that they are all told of."""
    if len(clients) == 1:
        return GroupChange(each(clients, lambda client: act(client, terms)))
    asked_ns = time.monotonic_ns()
    before = each(clients, lambda client: client.api.state())
    round_ns = time.monotonic_ns() - asked_ns
    readings = each(clients, _read_clock)
    ahead_ns = _lead_ns(readings.values(), round_ns) if terms.after is None else parse_duration(terms.after)
    told = moment(readings, time.monotonic_ns() + ahead_ns)
    timed = {name: replace(terms, at_ns=at_ns, after=None) for name, at_ns in told.at_ns.items()}
    try:
        states = each(clients, lambda client: act(client, timed[client.name]))
    except BaseException:
        # One that did not answer may have changed all the same: all get their old conditions back.
        for client in clients:
            _restore(client, before[client.name])
        raise
    late_s = max((state.entry.late_s for state in states.values() if state.entry), default=0.0)
    if terms.after is None:
        states = _after(clients, states)
    return GroupChange(states, told.doubt_ns + round(late_s * 1e9))


def _after(clients: Sequence[Reachable], states: Mapping[str, ClientState]) -> dict[str, ClientState]:
    """The states when all that was scheduled has begun; raises SynthlabError where it could not."""
    time.sleep(max((state.entry.in_s or 0.0 for state in states.values() if state.entry), default=0.0) + AFTER_S)
    after = each(clients, lambda client: client.api.state())
    for name, state in states.items():
        if state.entry and state.entry.id in after[name].failures:
            raise SynthlabError(f"{name}: {after[name].failures[state.entry.id]}")
    return {name: state.with_entry_of(states[name]) for name, state in after.items()}


def put_files(client: Reachable, files: Mapping[str, str]) -> None:
    """Upload the files that a change names to a client, which keeps them until it ends."""
    for name, text in files.items():
        client.api.put_file(name, text)


def _read_clock(client: Reachable) -> ClockSample:
    sent = time.monotonic_ns()
    return ClockSample(sent, client.api.clock(), time.monotonic_ns())


def _lead_ns(readings: Iterable[ClockSample], round_ns: int) -> int:
    """How long beforehand the clients are told: to reach those that are far away, or very many, takes longer.

    A round is what it took to ask all of them something that is easier to answer.
    """
    return max(LEAD_NS, 3 * max(reading.received - reading.sent for reading in readings), 2 * round_ns)


def _restore(client: Reachable, before: ClientState) -> None:
    """Take back what has been asked of a client since `before`."""
    known = {entry.id for entry in (*before.leases, *before.scheduled)}
    try:
        present = client.api.state()
        for entry in (*present.leases, *present.scheduled):
            if entry.id not in known:
                client.api.release(entry.id)
        if present.base != before.base:
            client.api.replace(before.base.to_dict(), ChangeOptions(keep=True))
    except SynthlabError:
        return  # it is beyond reach, which the first error says already

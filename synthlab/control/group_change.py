"""Changes the conditions of several clients at the same moment, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from ..engine.clock import MACHINE, Clock
from ..errors import SynthlabError, TooLate, WrongUse
from ..text.durations import seconds_of
from .client_api import ChangeOptions, ClientApi, Observed
from .clock_sync import ClockSample, closest, compare_clocks
from .state import ClientState

MAX_AT_ONCE = 16
LEAD_NS = 60_000_000
"""Minimum lead time of a change of several clients: long enough to reach them all, too short to notice."""
AFTER_S = 0.005

T = TypeVar("T")
C = TypeVar("C", bound="Reachable")


class Reachable(Protocol):
    """A client whose network can be changed."""

    @property
    def name(self) -> str: ...

    @property
    def api(self) -> ClientApi: ...


@dataclass(frozen=True, slots=True)
class LabClient:
    """A client of a running lab, or a conditioned `server`, and its API; `probes` are what it measures: `web.http`.

    Of a `proxy` the numbers of WebRTC are known to the user's own browser alone. `node` is the machine of a swarm
    that it runs on.
    """

    name: str
    group: str
    api: ClientApi
    server: bool = False
    proxy: bool = False
    probes: tuple[str, ...] = ()
    node: str = ""


@dataclass(frozen=True, slots=True)
class GroupChange:
    """The result of a change: each client's state, and the largest time between two clients' changes.

    `apart_ns` is None for a single client. `before` has the states before a change of several clients.
    """

    states: dict[str, ClientState]
    apart_ns: int | None = None
    before: Mapping[str, ClientState] = field(default_factory=dict)


Act = Callable[[Reachable, ChangeOptions], ClientState]
Look = Callable[[Reachable], Observed]


def each(clients: Iterable[C], act: Callable[[C], T]) -> dict[str, T]:
    """The result of `act` for each client, run in parallel.

    Raises the first client's failure once all are done, which then also names the others that failed.
    """
    clients = list(clients)
    if len(clients) == 1:
        return {clients[0].name: act(clients[0])}
    with ThreadPoolExecutor(max_workers=MAX_AT_ONCE) as pool:
        futures = [pool.submit(act, client) for client in clients]
    failed = [client.name for client, future in zip(clients, futures, strict=True) if future.exception()]
    try:
        return {client.name: future.result() for client, future in zip(clients, futures, strict=True)}
    except SynthlabError as error:
        raise _named_too(error, failed[1:]) from error


def _named_too(error: SynthlabError, others: Sequence[str]) -> SynthlabError:
    """The error, which also names other clients; what is wrong for one client of a group is wrong for all."""
    if not others or isinstance(error, WrongUse | TooLate):
        return error
    return SynthlabError(f"{error.message} (also {', '.join(others)})", error.details)


def apply_change(
    clients: Sequence[Reachable],
    change: Mapping[str, Any],
    options: ChangeOptions,
    files: Mapping[str, str] | None = None,
    clock: Clock = MACHINE,
) -> GroupChange:
    """Apply a partial change to all clients, or to none if one rejects it or fails. Uploads `files` first."""
    if files:
        each(clients, lambda client: put_files(client, files))
    return apply_together(
        clients,
        lambda client, options: client.api.change(change, options),
        lambda client: client.api.check(change, options),
        options,
        clock,
    )


def apply_together(
    clients: Sequence[Reachable], act: Act, look: Look, options: ChangeOptions, clock: Clock = MACHINE
) -> GroupChange:
    """Act on a single client immediately, on several at the same moment of the host's `clock`.

    `look` raises what `act` would raise, and changes nothing.
    """
    if len(clients) < 2:
        return GroupChange(each(clients, lambda client: act(client, options)))
    # Three requests per client. The first finds an invalid value before anything changes, and returns the clock and
    # the state to restore; the second schedules the change; the third finds out whether it took effect.
    seen = each(clients, look)
    before = {name: observed.state for name, observed in seen.items()}
    samples = {name: observed.clock for name, observed in seen.items()}
    clocks = compare_clocks(samples)
    if clocks.doubt_ns:  # several machines
        clocks = compare_clocks(each(clients, lambda client: closest(client.api.clock)))
    # Requests reach the clients at different times. The lead time puts the change after the last of them, so that all
    # clients apply it at the same moment.
    due_ns = clock.now_ns() + (_lead_ns(list(samples.values())) if options.after_ns is None else options.after_ns)
    timed = {name: replace(options, at_ns=clocks.at_ns(name, due_ns), after_ns=None) for name in samples}
    try:
        states = each(clients, lambda client: act(client, timed[client.name]))
    except BaseException:
        # A client that did not answer may still have applied the change, and a network changed at some clients only
        # is not one that anybody asked for. So all get their old conditions back, after Ctrl-C too.
        each(clients, lambda client: _restore(client, before[client.name]))
        raise
    late_ns = max((state.entry.late_ns for state in states.values() if state.entry), default=0)
    if options.after_ns is None:
        states = _begun(clients, states, clock)
    return GroupChange(states, clocks.doubt_ns + late_ns, before)


def refuse_failed(states: Mapping[str, ClientState], ids: Mapping[str, int]) -> None:
    """Raise SynthlabError if a client could not apply the entry with this id when it was due."""
    for name, id in ids.items():
        if id in states[name].failures:
            raise SynthlabError(f"{name}: {states[name].failures[id]}")


def _begun(clients: Sequence[Reachable], states: Mapping[str, ClientState], clock: Clock) -> dict[str, ClientState]:
    """The states once the scheduled change has started everywhere; raises SynthlabError if a client dropped it."""
    entries = {name: state.entry for name, state in states.items() if state.entry}
    clock.sleep(seconds_of(max((entry.in_ns or 0 for entry in entries.values()), default=0)) + AFTER_S)
    after = each(clients, lambda client: client.api.state())
    refuse_failed(after, {name: entry.id for name, entry in entries.items()})
    return {name: state.with_entry_of(states[name]) for name, state in after.items()}


def put_files(client: Reachable, files: Mapping[str, str]) -> None:
    """Upload the files of a change to a client, which keeps them until it stops."""
    for name, text in files.items():
        client.api.put_file(name, text)


def _lead_ns(samples: Sequence[ClockSample]) -> int:
    """The lead time of a change: longer for clients that are far away, slow, or many.

    Estimated from the requests so far, as the next round takes about as long.
    """
    took_ns = [sample.received - sample.sent for sample in samples]
    round_ns = max(*took_ns, sum(took_ns) // min(len(samples), MAX_AT_ONCE))
    return max(LEAD_NS, 2 * round_ns, 3 * max(sample.network_ns for sample in samples))


def _restore(client: Reachable, before: ClientState) -> None:
    """Revert everything requested from a client since `before`."""
    known = {entry.id for entry in (*before.leases, *before.scheduled)}
    with suppress(SynthlabError):  # unreachable, as the original error already reports
        present = client.api.state()
        for entry in (*present.leases, *present.scheduled):
            if entry.id not in known:
                present = _released(client, entry.id)
        if present.base != before.base:  # their texts would be equal in another order of flows
            client.api.replace(before.base_text, ChangeOptions(keep=True, restore=True))


def _released(client: Reachable, id: int) -> ClientState:
    """The state without this entry. A scheduled change may take effect first: the base then shows it."""
    try:
        return client.api.release(id)
    except SynthlabError:
        return client.api.state()

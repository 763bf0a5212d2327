"""The changes a scenario has applied to clients, as leases that are renewed while the player lives.

Every change is a lease, even one without an end: if the player crashes or loses the network, nobody is left to revert
it, so the clients must do that alone. A short lease that is renewed bounds how long they stay impaired.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from ..control.client_api import ChangeOptions
from ..control.clock_sync import closest, compare_clocks
from ..control.group_change import LabClient, each, put_files, refuse_failed
from ..control.state import ClientState
from ..engine.clock import MACHINE, Clock
from ..errors import SynthlabError, TooLate
from ..scenario.actions import LEASE_NS, Change
from ..text.durations import SECOND_NS, seconds_of

RENEW_S = 3.0
SHORTEST_NS = SECOND_NS // 10
"""The shortest lease the API accepts."""
SEEDS = "seed/"
"""Name prefix of the layers with the clients' seeds, which survive a reset."""

T = TypeVar("T")


class AppliedStates(NamedTuple):
    """Since when (by our clock) a change is in force, and the clients' states with it.

    `late_ns` is how long after its due time the last client received it; 0 if all were in time.
    """

    at_ns: int
    states: dict[str, ClientState]
    late_ns: int


@dataclass(slots=True)
class _HeldLeases:
    """A change and its lease at each client (id, end). It ends at `ends_ns`, or never if that is None."""

    change: Change
    ends_ns: int | None
    leases: dict[str, tuple[int, int]] = field(default_factory=dict)
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def lease_ns(self, from_ns: int) -> int:
        """The length to request for a lease that starts at `from_ns`."""
        return LEASE_NS if self.ends_ns is None else min(self.ends_ns - from_ns, LEASE_NS)


class Leases:
    """Applies changes to clients at times of `clock`. `find` looks up a client by name."""

    def __init__(self, find: Callable[[str], LabClient], clock: Clock = MACHINE) -> None:
        self._find = find
        self._clock = clock
        self._layers: dict[str, _HeldLeases] = {}
        self._ahead_ns: dict[str, int] = {}
        self._down: set[str] = set()
        self._resets: Counter[str] = Counter()
        self._calls: set[asyncio.Task[Any]] = set()
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def over_ns(self) -> int:
        """When the last timed change ends; 0 if there is none."""
        return max((layer.ends_ns or 0 for layer in self._layers.values() if layer.leases), default=0)

    async def read_clocks(self, names: Iterable[str]) -> None:
        """Compare the clients' clocks with ours. Once is enough: monotonic clocks are never set."""
        samples = await self._each(names, lambda client: closest(client.api.clock))
        self._ahead_ns |= compare_clocks(samples).ahead_ns if samples else {}

    async def put(self, change: Change, due_ns: int) -> AppliedStates:
        """Apply a change at `due_ns`, replacing the current one of its layer; returns once it is in force.

        The new lease is requested before the old one is released, so no packet passes unimpaired in between. Of two
        calls for the same time the later one goes on top. Raises SynthlabError if a client rejects the change, does
        not answer or cannot apply it.
        """
        layer = self._layers.setdefault(change.layer, _HeldLeases(change, None))
        resets = {name: self._resets[name] for name in change.clients}
        async with layer.asking:
            at_ns = max(due_ns, self._clock.now_ns())
            old, layer.change, layer.leases = layer.leases, change, {}
            layer.ends_ns = None if change.lease_ns is None else at_ns + change.lease_ns
            # A reset requested while this change waited for the lock comes later in the plan and wins: applying the
            # change now would impair a client that the scenario has already reset.
            names = [name for name, count in resets.items() if self._resets[name] == count]
            late_ns = await self._ask(layer, names, at_ns)
            made = {name: id for name, (id, _) in layer.leases.items()}
        await self._until(at_ns)
        await self._release(old)
        states = await self._each(change.clients, lambda client: client.api.state())
        refuse_failed(states, made)
        return AppliedStates(at_ns, states, at_ns - due_ns + late_ns)

    async def reset(self, names: Sequence[str], due_ns: int) -> AppliedStates:
        """Reset clients at `due_ns` and apply their seeds again, which the reset drops with all other leases."""
        at_ns = max(due_ns, self._clock.now_ns())
        self._resets.update(names)

        def reset(client: LabClient) -> None:
            client.api.reset(ChangeOptions(at_ns=self._at_ns(client.name, at_ns)))
            for layer in list(self._layers.values()):
                layer.leases.pop(client.name, None)

        await self._in_turn(names, reset)
        for id, layer in self._layers.items():
            if id.startswith(SEEDS):
                await self._ask(layer, [name for name in layer.change.clients if name in names], at_ns)
        await self._until(at_ns)
        states = await self._each(names, lambda client: client.api.state())
        return AppliedStates(at_ns, states, at_ns - due_ns)

    async def keep(self) -> None:
        """Renew all leases, endlessly; raises SynthlabError if a renewal fails."""
        while True:
            await self._clock.pause(RENEW_S)
            now = self._clock.now_ns()
            work = [
                (layer, name)
                for layer in self._layers.values()
                for name in layer.leases
                if name not in self._down and layer.leases[name][1] != layer.ends_ns
            ]
            await asyncio.gather(*(self._renew(layer, name, now) for layer, name in work))

    def goes(self, name: str) -> None:
        """Mark a client as paused or stopped, so that its leases are not renewed."""
        self._down.add(name)

    def wakes(self, name: str) -> None:
        """Mark a paused client as running at the end of a run: its leases can be released at once."""
        self._down.discard(name)

    async def comes(self, name: str) -> None:
        """Apply the current changes again to a client that is back; it may have lost its leases."""
        self._down.discard(name)
        await self.read_clocks([name])
        # A paused client may have kept its leases, a restarted one has lost them. Released first, none is in force
        # twice.
        layers = [layer for layer in self._layers.values() if name in layer.leases]
        for layer in layers:
            await self._release({name: layer.leases.pop(name)})
        now = self._clock.now_ns()
        for layer in layers:
            if layer.lease_ns(now) >= SHORTEST_NS:
                # A restarted client has lost its files too.
                await self._upload(layer.change, name)
                await self._ask(layer, [name], now)

    async def prepare(self, changes: Iterable[Change]) -> None:
        """Upload the files of changes to their clients."""
        for change in changes:
            if change.files:
                await asyncio.gather(*(self._upload(change, name) for name in change.clients))

    async def release(self) -> None:
        """Release all leases, including those being requested; on clients that do not answer they expire."""
        await asyncio.gather(*self._calls, return_exceptions=True)
        layers, self._layers = self._layers, {}
        for layer in layers.values():
            await self._release({name: lease for name, lease in layer.leases.items() if name not in self._down})

    async def _ask(self, layer: _HeldLeases, names: Iterable[str], due_ns: int) -> int:
        """Request a lease from each client; returns how late the last of them received it, in ns."""
        lease_ns = layer.lease_ns(due_ns)

        def ask(client: LabClient) -> int:
            options = ChangeOptions(at_ns=self._at_ns(client.name, due_ns), lease_ns=max(lease_ns, SHORTEST_NS))
            put = client.api.replace if layer.change.replace else client.api.change
            state = put(layer.change.change, options)
            if state.entry is None:
                raise SynthlabError(f"{client.name}: the API did not apply the change as a lease")
            layer.leases[client.name] = state.entry.id, due_ns + lease_ns
            return state.entry.late_ns

        return max((await self._in_turn(names, ask)).values(), default=0)

    async def _renew(self, layer: _HeldLeases, name: str, now_ns: int) -> None:
        id, ends_ns = layer.leases[name]
        lease_ns = layer.lease_ns(now_ns)
        if lease_ns < SHORTEST_NS:
            return

        def renew(client: LabClient) -> None:
            if layer.leases.get(name, (0, 0))[0] != id:
                return
            try:
                client.api.renew(id, lease_ns)
            except SynthlabError as error:
                late_ns = self._clock.now_ns() - ends_ns
                if late_ns <= 0:
                    raise
                raise TooLate(name, late_ns, "the renewal of its conditions") from error
            layer.leases[name] = id, now_ns + lease_ns

        async with layer.asking:
            await self._in_turn([name], renew)

    async def _release(self, leases: Mapping[str, tuple[int, int]]) -> None:
        """Release the leases that have not expired. Errors are ignored: a lost lease needs no release."""
        now = self._clock.now_ns()
        living = {name: id for name, (id, ends) in leases.items() if ends > now and name not in self._down}

        def release(client: LabClient) -> None:
            try:
                client.api.release(living[client.name])
            except SynthlabError:
                return

        await self._each(living, release)

    async def _upload(self, change: Change, name: str) -> None:
        await asyncio.to_thread(put_files, self._find(name), change.files)

    async def _until(self, due_ns: int) -> None:
        await self._clock.pause(seconds_of(max(due_ns - self._clock.now_ns(), 0)))

    def _at_ns(self, name: str, ours_ns: int) -> int:
        return ours_ns + self._ahead_ns[name]

    async def _in_turn(self, names: Iterable[str], act: Callable[[LabClient], T]) -> dict[str, T]:
        """Like `_each`, but calls to one client run one at a time, in order of request."""

        async def in_turn(name: str) -> T:
            async with self._asking[name]:
                # A thread cannot be cancelled: the request reaches the client anyway. Kept in `_calls`, it is waited
                # for by `release`, which else would miss its lease.
                call = asyncio.create_task(asyncio.to_thread(act, self._find(name)))
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)
                return await asyncio.shield(call)

        listed = list(names)
        # All end before the first error is raised, so that none is under way while the run reverts its changes.
        results = await asyncio.gather(*map(in_turn, listed), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return dict(zip(listed, results, strict=True))  # type: ignore[arg-type]

    async def _each(self, names: Iterable[str], act: Callable[[LabClient], T]) -> dict[str, T]:
        """`group_change.each` in a thread."""
        clients = [self._find(name) for name in names]
        return await asyncio.to_thread(each, clients, act)

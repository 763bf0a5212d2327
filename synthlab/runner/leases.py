"""The conditions that a scenario has put on clients: leases, which are renewed for as long as we live."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from ..control.client_api import ChangeOptions
from ..control.clock_sync import compare_clocks
from ..control.group_change import LabClient, each, put_files, refuse_failed
from ..control.state import ClientState
from ..engine.clock import MACHINE, Clock
from ..errors import SynthlabError
from ..scenario.actions import LEASE_NS, Change
from ..text.durations import SECOND_NS, seconds_of

RENEW_S = 3.0
SHORTEST_NS = SECOND_NS // 10
"""The shortest lease that the API takes."""
SEEDS = "seed/"
"""What the names of those layers begin with that a reset leaves: each client's seed."""

T = TypeVar("T")


class AppliedStates(NamedTuple):
    """Since which time of our clock something is in force, and the clients' states then.

    `late_ns` is how long after it was due the last forwarder knew of it.
    """

    at_ns: int
    states: dict[str, ClientState]
    late_ns: int


@dataclass(slots=True)
class _HeldLeases:
    """One change and the lease of it at each of its clients: id and end. It is to end at `ends_ns`, if ever."""

    change: Change
    ends_ns: int | None
    leases: dict[str, tuple[int, int]] = field(default_factory=dict)
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def lease_ns(self, from_ns: int) -> int:
        """How long a lease that begins then is to be."""
        return LEASE_NS if self.ends_ns is None else min(self.ends_ns - from_ns, LEASE_NS)


class Leases:
    """Puts changes on clients at given times of `clock`, our own. `find` gives a client by its name."""

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
        """When the last of what is in force for a time ends; 0 where nothing is."""
        return max((layer.ends_ns or 0 for layer in self._layers.values() if layer.leases), default=0)

    async def read_clocks(self, names: Iterable[str]) -> None:
        """Compare the clients' clocks with ours; once is enough, for none is set while it runs."""
        samples = await self._each(names, lambda client: client.api.clock())
        self._ahead_ns |= compare_clocks(samples).ahead_ns if samples else {}

    async def put(self, change: Change, due_ns: int) -> AppliedStates:
        """Put a change in force at `due_ns`, in place of what its layer has now; returns when it is.

        Of two that are called one after the other for the same time, the second comes on top. Raises SynthlabError
        where a client refuses or does not answer, or where it could not be put in force.
        """
        layer = self._layers.setdefault(change.layer, _HeldLeases(change, None))
        resets = {name: self._resets[name] for name in change.clients}
        async with layer.asking:
            at_ns = max(due_ns, self._clock.now_ns())
            old, layer.change, layer.leases = layer.leases, change, {}
            layer.ends_ns = None if change.lease_ns is None else at_ns + change.lease_ns
            # A client that was reset while this waited for its turn must not have it afterwards.
            names = [name for name, count in resets.items() if self._resets[name] == count]
            late_ns = await self._ask(layer, names, at_ns)
            made = {name: id for name, (id, _) in layer.leases.items()}
        await self._until(at_ns)
        await self._release(old)
        states = await self._each(change.clients, lambda client: client.api.state())
        refuse_failed(states, made)
        return AppliedStates(at_ns, states, at_ns - due_ns + late_ns)

    async def reset(self, names: Sequence[str], due_ns: int) -> AppliedStates:
        """Give clients the conditions of their stack at `due_ns`, but for their seeds; as `put`."""
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
        """Renew all leases, without end; raises SynthlabError where one cannot be renewed."""
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
        """A client stops answering, on purpose."""
        self._down.add(name)

    async def comes(self, name: str) -> None:
        """A client is back, and may have lost its leases: what is to be in force is put on it again."""
        self._down.discard(name)
        await self.read_clocks([name])
        layers = [layer for layer in self._layers.values() if name in layer.leases]
        for layer in layers:
            await self._release({name: layer.leases.pop(name)})
        now = self._clock.now_ns()
        for layer in layers:
            if layer.lease_ns(now) >= SHORTEST_NS:
                await self._upload(layer.change, name)
                await self._ask(layer, [name], now)

    async def prepare(self, changes: Iterable[Change]) -> None:
        """Give the clients the files that changes name."""
        for change in changes:
            if change.files:
                await asyncio.gather(*(self._upload(change, name) for name in change.clients))

    async def release(self) -> None:
        """Take everything back, also what is just being asked for; clients that do not answer lose it by themselves."""
        await asyncio.gather(*self._calls, return_exceptions=True)
        layers, self._layers = self._layers, {}
        for layer in layers.values():
            await self._release({name: lease for name, lease in layer.leases.items() if name not in self._down})

    async def _ask(self, layer: _HeldLeases, names: Iterable[str], due_ns: int) -> int:
        """How late the last forwarder knew of it, in ns."""
        lease_ns = layer.lease_ns(due_ns)

        def ask(client: LabClient) -> int:
            options = ChangeOptions(at_ns=self._at_ns(client.name, due_ns), lease_ns=max(lease_ns, SHORTEST_NS))
            put = client.api.replace if layer.change.replace else client.api.change
            state = put(layer.change.change, options)
            if state.entry is None:
                raise SynthlabError(f"{client.name}: its API did not take a change as a lease")
            layer.leases[client.name] = state.entry.id, due_ns + lease_ns
            return state.entry.late_ns

        return max((await self._in_turn(names, ask)).values(), default=0)

    async def _renew(self, layer: _HeldLeases, name: str, now_ns: int) -> None:
        id, _ = layer.leases[name]
        lease_ns = layer.lease_ns(now_ns)
        if lease_ns < SHORTEST_NS:
            return

        def renew(client: LabClient) -> None:
            if layer.leases.get(name, (0, 0))[0] == id:
                client.api.renew(id, lease_ns)
                layer.leases[name] = id, now_ns + lease_ns

        async with layer.asking:
            await self._in_turn([name], renew)

    async def _release(self, leases: Mapping[str, tuple[int, int]]) -> None:
        """Those that have not ended by themselves; one that is gone is as good as released."""
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
        """As `_each`, but one call after the other for each client, in the order in which they were made."""

        async def in_turn(name: str) -> T:
            async with self._asking[name]:
                call = asyncio.create_task(asyncio.to_thread(act, self._find(name)))
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)
                return await asyncio.shield(call)

        listed = list(names)
        results = await asyncio.gather(*map(in_turn, listed), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return dict(zip(listed, results, strict=True))  # type: ignore[arg-type]

    async def _each(self, names: Iterable[str], act: Callable[[LabClient], T]) -> dict[str, T]:
        """As `group_change.each`, beside the event loop."""
        clients = [self._find(name) for name in names]
        return await asyncio.to_thread(each, clients, act)

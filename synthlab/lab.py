"""A lab that runs: its clients, found by name or group, asked and changed together, by commands and from code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .changes import MAX_AT_ONCE, Change, LabClient, Reachable, act_together, each, put
from .client import Client
from .containers import Container, Doing
from .counters import too_slow
from .errors import WrongUse, did_you_mean
from .interrupts import uninterrupted
from .members import find_members, unconditioned
from .numbers import Numbers
from .remote import AT_ONCE, ClientApi, Terms
from .spans import read_span
from .stack import SFU_HOST, Stack
from .state import ClientState

if TYPE_CHECKING:
    from .expectations import Expectations
    from .player.judging import Ruling
    from .scenario.actions import JudgeKind
    from .world import World

__all__ = ["Change", "Lab", "LabClient", "choose_lab"]

Tell = Callable[[str], None]


class Lab:
    """A running lab. What is done to several clients is done to all of them at the same moment.

    A media server that is conditioned is one of the clients, by the name `sfu`; `participants` are the others.
    `members` are the containers as last looked at. At the end of a `with` statement a lab that `up` brought up is
    taken down, unless `keep` is set; one that was attached to stays.
    """

    def __init__(self, world: World, name: str, members: Iterable[Container], stack: Stack | None = None) -> None:
        self.world = world
        self.name = name
        self.stack = stack
        self.keep = stack is None
        self._own_world = False
        self._expectations: Expectations | None = None
        self._take(members)

    @classmethod
    def up(
        cls,
        stack: str | os.PathLike[str],
        name: str | None = None,
        *,
        timeout: str = "120s",
        ttl: str | None = None,
        wait_media: bool = False,
        keep: bool = False,
        tell: Tell = lambda line: None,
        world: World | None = None,
    ) -> Lab:
        """Bring a stack up: a file, or a bundled one's name. Every client is healthy then, and with `wait_media` has
        seen every other's video.

        With a `ttl` (or SYNTHLAB_TTL) it ends by itself so long after its start; labs whose time is over are removed
        first. `tell` gets lines that say how far it is. Raises WrongUse for a mistake in the stack, SynthlabError, with
        nothing left behind, where it does not come up.
        """
        from .launch import bring_up
        from .stack import read_stack
        from .world import real_world

        described = read_stack(os.fspath(stack), name)
        ttl_s = _span("ttl", ttl or os.environ.get("SYNTHLAB_TTL"))
        timeout_s = read_span("timeout", timeout)
        place = world or real_world()
        place.remove_expired()
        lab = bring_up(described, place, tell, timeout_s, ttl_s, wait_media)
        lab.keep, lab._own_world = keep, world is None
        return lab

    @classmethod
    def attach(cls, name: str | None = None, world: World | None = None) -> Lab:
        """The lab of this name that is up; without one that of SYNTHLAB_LAB, or the only one. Raises WrongUse."""
        from .world import real_world

        lab = (world or real_world()).lab(name or os.environ.get("SYNTHLAB_LAB"))
        lab._own_world = world is None
        return lab

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close() if self.keep else self.down()

    def __repr__(self) -> str:
        return f"<the lab {self.name}: {', '.join(client.name for client in self.clients)}>"

    def down(self) -> None:
        """Remove its containers, networks and volumes; Ctrl-C waits for that.

        Of a lab that `up` brought up, only what that made: not another lab that has its name by now.
        """
        with uninterrupted():
            made_by = self.stack.made_by if self.stack else None
            self.world.engine.remove_lab(self.name, made_by or "")
            self.close()

    def close(self) -> None:
        """Ask nobody any more; the lab stays up."""
        if self._expectations:
            self._expectations.close()
            self._expectations = None
        if self._own_world:
            self.world.close()

    # Who is there

    def __getitem__(self, name: str) -> Client:
        """A client, the clients of a group, or `sfu`. Raises WrongUse that names the nearest."""
        find_members(self.name, self.members, [name])
        return Client(self, name)

    def __contains__(self, name: str) -> bool:
        return any(name in (client.name, client.group) for client in self._reached)

    def __iter__(self) -> Iterator[Client]:
        return iter(self.clients)

    @property
    def clients(self) -> tuple[Client, ...]:
        return tuple(Client(self, client.name) for client in self._reached)

    @property
    def participants(self) -> tuple[Client, ...]:
        return tuple(client for client in self.clients if client.name != SFU_HOST)

    def find(self, names: Iterable[str] = ()) -> list[LabClient]:
        """The clients that the names and names of groups mean, each once; all when there are none."""
        wanted: dict[str, LabClient] = {}
        for name in names:
            wanted |= {client.name: client for client in self._named(name)}
        return list(wanted.values()) or list(self._reached)

    def one(self, name: str) -> LabClient:
        """The one client that a name means. Raises WrongUse for a group of several."""
        found = self._named(name)
        if len(found) > 1:
            raise WrongUse(f"'{name}' means several: {', '.join(client.name for client in found)}; name one of them")
        return found[0]

    def refresh(self) -> None:
        """Look at the containers anew: one that was started again has other ports."""
        self._take(self.world.members(self.name)[1])

    # Their networks

    def states(self, clients: Iterable[Reachable] | None = None) -> dict[str, ClientState]:
        """What each client (all if none is given) tells of its network, by name."""
        return each(self._reached if clients is None else clients, lambda client: client.api.state())

    def too_slow(self) -> list[str]:
        """Lines that say where this machine is too slow at this moment, so that what it measures says little."""
        return too_slow(self.states())

    def numbers(self, clients: Iterable[Reachable] | None = None) -> dict[str, Numbers]:
        """Their WebRTC numbers, and what their applications published."""
        return each(self._reached if clients is None else clients, lambda client: client.api.numbers())

    def change(
        self,
        clients: Sequence[Reachable],
        change: Mapping[str, Any],
        terms: Terms = AT_ONCE,
        files: Mapping[str, str] | None = None,
    ) -> Change:
        """Put a partial change into each client's conditions: into all, or, when one refuses or fails, into none.

        Each client gets the `files` first, which the change may name.
        """
        return put(clients, change, terms, files)

    def reset(self, clients: Sequence[Reachable] | None = None, perfect: bool = False) -> Change:
        """Give each client (all if none is given) the conditions of its start, or those of a `perfect` network.

        Whatever was for a time ends.
        """

        def act(client: Reachable, terms: Terms) -> ClientState:
            return client.api.replace({}, terms) if perfect else client.api.reset(terms)

        return act_together(self._reached if clients is None else clients, act, AT_ONCE)

    # What is expected

    def expect(
        self, expression: str, within: str | None = None, for_: str | None = None, *, client: str = ""
    ) -> Ruling:
        """Wait until an expression such as `client1.video.client2.fps < 5` holds: at once, or `within` a time.

        Then it must hold `for_` a time without a break. Names may leave `client` out. What is returned tells when it
        began to hold (`took_s`, `error_s`) and which numbers were `seen`. Raises ExpectationFailed, which is an
        AssertionError too, or its child Inconclusive where the lab was too slow to judge; and WrongUse for an
        expression that cannot be.
        """
        __tracebackhide__ = True
        return self._judge("expect", expression, _span("within", within), _span("for_", for_) or 0.0, client)

    def never(self, expression: str, for_: str, *, client: str = "") -> Ruling:
        """See that an expression does not hold at any time `for_` so long; no data fails."""
        __tracebackhide__ = True
        return self._judge("never", expression, None, read_span("for_", for_), client)

    def recovers(self, expression: str, within: str, for_: str | None = None, *, client: str = "") -> Ruling:
        """As `expect`; the time that it took is what is asked for."""
        __tracebackhide__ = True
        return self._judge("recovers", expression, read_span("within", within), _span("for_", for_) or 0.0, client)

    def baseline(self, for_: str) -> None:
        """Wait so long, and take what is measured meanwhile as `before`: `client1.sent.video.kbps > 80% of before`."""
        self._judged.baseline(read_span("for_", for_))

    # Their containers

    def control(
        self, names: Iterable[str], doing: Doing, tell: Tell = lambda line: None, timeout_s: float = 120.0
    ) -> None:
        """Pause, unpause, stop, start or restart containers; who starts is healthy then. Raises SynthlabError."""
        from .launch import wait_until_ready

        wanted = find_members(self.name, self.members, names)
        with ThreadPoolExecutor(max_workers=MAX_AT_ONCE) as pool:
            list(pool.map(lambda container: self.world.engine.control(container, doing), wanted))
        if doing in ("start", "restart"):
            ids = [container.id for container in wanted]
            wait_until_ready(self.name, len(ids), self.world.engine, tell, timeout_s, ids)
        self.refresh()

    def restore(self) -> None:
        """Let all that was paused or stopped go on, and give every client the conditions of its start."""
        self.refresh()
        for doing, states in _BACK.items():
            if halted := [container.title for container in self.members if container.state in states]:
                self.control(halted, doing)
        self.reset()

    def _judge(self, kind: JudgeKind, expression: str, within_s: float | None, for_s: float, client: str) -> Ruling:
        __tracebackhide__ = True
        return self._judged.decide(kind, expression, within_s, for_s, client).held()

    @property
    def _judged(self) -> Expectations:
        if self._expectations is None:
            self._expectations = self._new_expectations()
        return self._expectations

    def _new_expectations(self) -> Expectations:
        from .expectations import Expectations, known_of

        return Expectations(self, known_of(self))

    def _take(self, members: Iterable[Container]) -> None:
        self.members = list(members)
        self._reached = tuple(_lab_client(one, self.world.api(one)) for one in self.members if one.conditioned)

    def _named(self, name: str) -> list[LabClient]:
        found = [client for client in self._reached if name in (client.name, client.group)]
        if not found and any(name == one.title and not one.conditioned for one in self.members):
            raise unconditioned(self.name, name)
        if not found:
            names = [client.name for client in self._reached]
            groups = [client.group for client in self._reached]
            hint = did_you_mean(name, dict.fromkeys(names + groups)) or f"; there are: {', '.join(names)}"
            raise WrongUse(f"no client '{name}' in lab '{self.name}'{hint}")
        return found


_BACK: Mapping[Doing, Sequence[str]] = {"unpause": ("paused",), "start": ("exited", "created", "dead")}


def _span(where: str, written: str | None) -> float | None:
    return None if written is None else read_span(where, written)


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

"""The Python API of a lab: bring one up or attach to one, change its networks, check expectations."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from ..control.backend import Backend, make_backend
from ..control.container_lookup import find_members
from ..control.partition import plan_partition
from ..control.running_lab import RunningLab
from ..deploy.engine_choice import on_engine
from ..deploy.launch import volumes_of
from ..engine.containers import Container
from ..engine.ttl import SHORTEST_TTL_NS
from ..interrupts import uninterrupted
from ..stack import Stack, read_stack
from ..stack.durations import read_duration
from ..stack.network_operations import BOTH, SILENT
from ..text.durations import seconds_of
from ..text.progress import Progress
from .applied_change import AppliedChange
from .client import Client

if TYPE_CHECKING:
    from ..runner.judge import CheckResult
    from .expectations import Expectations


class Lab(RunningLab):
    """A running lab; `lab["client1"]` is a client.

    `participants` are its clients without servers. The end of a `with` statement takes down a lab from `up`, unless
    `keep` is set, and leaves a lab from `attach` running.
    """

    def __init__(self, backend: Backend, name: str, members: Iterable[Container], stack: Stack | None = None) -> None:
        super().__init__(backend, name, members)
        self.stack = stack
        self.keep = stack is None
        self._own_backend = False
        self._volumes_before: set[str] | None = None
        self._expectations: Expectations | None = None

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
        engine: str | None = None,
        registry: str | None = None,
        progress: Progress = lambda line: None,
        backend: Backend | None = None,
    ) -> Lab:
        """Bring up a stack, given as a file or a bundled name, and wait until every client is healthy.

        With `engine="swarm"` it runs on the nodes of a swarm, which get the images from a `registry`, or have them.

        With `wait_media`, also wait until every client has seen every other's video. With `ttl` (or SYNTHLAB_TTL) the
        lab expires that long after its start; expired labs are removed first. `progress` gets a line per stage. Raises
        WrongUse for a mistake in the stack, and SynthlabError, with nothing left behind, if the lab does not come up.
        """
        from .bring_up import bring_up

        place = backend or make_backend("python")
        described = on_engine(read_stack(os.fspath(stack), name, compose=place.engine.compose_config), engine, registry)
        ttl_text = ttl or os.environ.get("SYNTHLAB_TTL")
        ttl_s = None if ttl_text is None else seconds_of(read_duration("ttl", ttl_text, SHORTEST_TTL_NS))
        timeout_s = seconds_of(read_duration("timeout", timeout))
        # Clients of an expired lab have stopped on their own, but nothing runs that could remove them. So each `up`
        # sweeps first, before it looks for a free name and free ports.
        place.remove_expired()
        volumes = volumes_of(described, place.engine)
        made = bring_up(described, place, progress, timeout_s, ttl_s, wait_media)
        lab = cls(place, made.name, place.engine.containers(made.name), made)
        lab.keep, lab._own_backend, lab._volumes_before = keep, backend is None, volumes
        return lab

    @classmethod
    def attach(cls, name: str | None = None, backend: Backend | None = None) -> Lab:
        """Attach to a running lab: the one named, else that of SYNTHLAB_LAB, else the only one. Raises WrongUse."""
        lab = cls.named(backend or make_backend("python"), name or os.environ.get("SYNTHLAB_LAB"))
        lab._own_backend = backend is None
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
        """Remove its containers and networks.

        A lab from `up` removes only what that `up` created, new volumes of a Compose project included: by now, its name
        may belong to another lab.
        """
        # `with` often ends because of Ctrl-C, which people tend to press again. The second one would interrupt the
        # removal and leave containers running.
        with uninterrupted():
            made_by = self.stack.made_by if self.stack else None
            self.backend.engine.remove_lab(self.name, made_by or "")
            if self.stack and self._volumes_before is not None:
                engine = self.backend.engine
                engine.remove_volumes(volumes_of(self.stack, engine) - self._volumes_before)
            self.close()

    def close(self) -> None:
        """Stop sampling and disconnect; the lab stays up."""
        if self._expectations:
            self._expectations.close()
            self._expectations = None
        self.release_ports()
        if self._own_backend:
            self.backend.close()

    # Clients

    def __getitem__(self, name: str) -> Client:
        """A client, the clients of a group, or `sfu`. Raises WrongUse with the closest match for an unknown name."""
        find_members(self.name, self.members, [name])
        return Client(self, name, lambda: self._judged)

    def __contains__(self, name: str) -> bool:
        return any(name in (client.name, client.group) for client in self.find())

    def __iter__(self) -> Iterator[Client]:
        return iter(self.clients)

    @property
    def clients(self) -> tuple[Client, ...]:
        return tuple(self[client.name] for client in self.find())

    @property
    def participants(self) -> tuple[Client, ...]:
        return tuple(self[client.name] for client in self.callers())

    # Networks

    def partition(
        self,
        a: str,
        b: str,
        *,
        direction: str = BOTH,
        answer: str = SILENT,
        for_: str | None = None,
        after: str | None = None,
    ) -> AppliedChange:
        """Drop all direct traffic between two clients, or a client and `sfu`, like the scenario step `partition`.

        Both ways, or in one `direction`: `a-to-b` or `b-to-a`; silently, or with an `answer` such as `reset`. For
        `for_` and `after` see `Client.set`. Raises WrongUse for an invalid name, direction or answer.
        """
        clients, change = plan_partition(self, a, b, direction, answer)
        return AppliedChange.make(self, [client.name for client in clients], change, for_, after)

    # Expectations

    def expect(
        self, expression: str, within: str | None = None, for_: str | None = None, *, client: str = ""
    ) -> CheckResult:
        """Wait until an expression such as `client1.video.client2.fps < 5` holds: at once, or `within` a time.

        It must then hold `for_` a time without interruption. Names in the expression may omit `client`. The result has
        the time until it held (`took_s`, `error_s`) and the numbers `seen`. Raises ExpectationFailed, also an
        AssertionError, or its subclass Inconclusive if the machine was too slow to judge; WrongUse for an invalid
        expression.
        """
        __tracebackhide__ = True
        return self._judged.expect(expression, within, for_, client)

    def never(self, expression: str, for_: str, *, client: str = "") -> CheckResult:
        """Check that an expression never holds `for_` a time; missing data fails."""
        __tracebackhide__ = True
        return self._judged.never(expression, for_, client)

    def recovers(self, expression: str, within: str, for_: str | None = None, *, client: str = "") -> CheckResult:
        """Like `expect`, but reported as the time to recover."""
        __tracebackhide__ = True
        return self._judged.recovers(expression, within, for_, client)

    def baseline(self, for_: str) -> None:
        """Wait `for_` a time and keep its samples as `before`: `client1.sent.video.kbps > 80% of before`."""
        self._judged.baseline(read_duration("for_", for_))

    def watch_machine(self) -> Callable[[], list[str]]:
        """Start to watch how fast the lab is; call the result for reasons not to trust what was seen since then."""
        return self._judged.watch_machine()

    @property
    def _judged(self) -> Expectations:
        if self._expectations is None:
            self._expectations = self._new_expectations()
        return self._expectations

    def _new_expectations(self) -> Expectations:
        from .expectations import Expectations, known_of

        return Expectations(self, known_of(self, self.stack))

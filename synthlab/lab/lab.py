"""A lab in code: brought up or attached to, its clients, and what is expected of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from ..control.backend import Backend, docker_backend
from ..control.container_lookup import find_members
from ..control.partition import plan_partition
from ..control.running_lab import RunningLab
from ..engine.containers import Container
from ..engine.health import Tell
from ..engine.ttl import SHORTEST_TTL_NS
from ..interrupts import uninterrupted
from ..stack import Stack, read_stack
from ..stack.durations import read_duration
from ..stack.network_operations import BOTH, SILENT
from ..text.durations import seconds_of
from .applied_change import AppliedChange
from .client import Client

if TYPE_CHECKING:
    from ..runner.judge import CheckResult
    from .expectations import Expectations


class Lab(RunningLab):
    """A running lab, whose clients are asked for by name: `lab["client1"]`.

    `participants` are its clients without the servers. At the end of a `with` statement a lab that `up` brought
    up is taken down, unless `keep` is set; one that was attached to stays.
    """

    def __init__(self, backend: Backend, name: str, members: Iterable[Container], stack: Stack | None = None) -> None:
        super().__init__(backend, name, members)
        self.stack = stack
        self.keep = stack is None
        self._own_backend = False
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
        tell: Tell = lambda line: None,
        backend: Backend | None = None,
    ) -> Lab:
        """Bring a stack up: a file, or a bundled one's name. Every client is healthy then, and with `wait_media` has
        seen every other's video.

        With a `ttl` (or SYNTHLAB_TTL) it ends by itself so long after its start; labs whose time is over are removed
        first. `tell` gets lines that say how far it is. Raises WrongUse for a mistake in the stack, SynthlabError, with
        nothing left behind, where it does not come up.
        """
        from .bring_up import bring_up

        place = backend or docker_backend()
        described = read_stack(os.fspath(stack), name, compose=place.engine.compose_config)
        written_ttl = ttl or os.environ.get("SYNTHLAB_TTL")
        ttl_s = None if written_ttl is None else seconds_of(read_duration("ttl", written_ttl, SHORTEST_TTL_NS))
        timeout_s = seconds_of(read_duration("timeout", timeout))
        place.remove_expired()
        made = bring_up(described, place, tell, timeout_s, ttl_s, wait_media)
        lab = cls(place, made.name, place.engine.containers(made.name), made)
        lab.keep, lab._own_backend = keep, backend is None
        return lab

    @classmethod
    def attach(cls, name: str | None = None, backend: Backend | None = None) -> Lab:
        """The lab of this name that is up; without one that of SYNTHLAB_LAB, or the only one. Raises WrongUse."""
        lab = cls.named(backend or docker_backend(), name or os.environ.get("SYNTHLAB_LAB"))
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
        """Remove its containers, networks and volumes; Ctrl-C waits for that.

        Of a lab that `up` brought up, only what that made: not another lab that has its name by now.
        """
        with uninterrupted():
            made_by = self.stack.made_by if self.stack else None
            self.backend.engine.remove_lab(self.name, made_by or "")
            self.close()

    def close(self) -> None:
        """Ask nobody any more; the lab stays up."""
        if self._expectations:
            self._expectations.close()
            self._expectations = None
        if self._own_backend:
            self.backend.close()

    # Who is there

    def __getitem__(self, name: str) -> Client:
        """A client, the clients of a group, or `sfu`. Raises WrongUse that names the nearest."""
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

    # Their networks

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
        """Let nothing pass directly between two clients, or a client and `sfu`, as the step of scenarios does.

        Both ways, or in one `direction`: `a-to-b` or `b-to-a`; silently, or with an `answer` such as `reset`. The times
        are those of `Client.set`. Raises WrongUse for names and words that are refused.
        """
        client, change = plan_partition(self, a, b, direction, answer)
        return AppliedChange.make(self, [client.name], change, for_, after)

    # What is expected

    def expect(
        self, expression: str, within: str | None = None, for_: str | None = None, *, client: str = ""
    ) -> CheckResult:
        """Wait until an expression such as `client1.video.client2.fps < 5` holds: at once, or `within` a time.

        Then it must hold `for_` a time without a break. Names may leave `client` out. What is returned has when it
        began to hold (`took_s`, `error_s`) and which numbers were `seen`. Raises ExpectationFailed, which is an
        AssertionError too, or its child Inconclusive where the lab was too slow to judge; and WrongUse for an
        expression that cannot be.
        """
        __tracebackhide__ = True
        return self._judged.expect(expression, within, for_, client)

    def never(self, expression: str, for_: str, *, client: str = "") -> CheckResult:
        """See that an expression does not hold at any time `for_` so long; no data fails."""
        __tracebackhide__ = True
        return self._judged.never(expression, for_, client)

    def recovers(self, expression: str, within: str, for_: str | None = None, *, client: str = "") -> CheckResult:
        """As `expect`; the time that it took is what is asked for."""
        __tracebackhide__ = True
        return self._judged.recovers(expression, within, for_, client)

    def baseline(self, for_: str) -> None:
        """Wait so long, and take what is measured meanwhile as `before`: `client1.sent.video.kbps > 80% of before`."""
        self._judged.baseline(read_duration("for_", for_))

    @property
    def _judged(self) -> Expectations:
        if self._expectations is None:
            self._expectations = self._new_expectations()
        return self._expectations

    def _new_expectations(self) -> Expectations:
        from .expectations import Expectations, known_of

        return Expectations(self, known_of(self, self.stack))
